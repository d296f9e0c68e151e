/// XXH64: a hash that runs about as fast as memory is read. It tells contents apart; it does not stop a forger.
///
/// Source: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md, with the seed 0.
package enum XXHash64 {
    private static let primes: (UInt64, UInt64, UInt64, UInt64, UInt64) = (
        0x9E37_79B1_85EB_CA87, 0xC2B2_AE3D_27D4_EB4F, 0x1656_67B1_9E37_79F9, 0x85EB_CA77_C2B2_AE63,
        0x27D4_EB2F_1656_67C5
    )

    package static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        guard let start = bytes.baseAddress else { return avalanche(primes.4) }
        var rest = start
        var count = bytes.count
        var hash = primes.4
        if count >= 32 {
            // Four lanes, so that one need not wait for another.
            var a = primes.0 &+ primes.1
            var b = primes.1
            var c: UInt64 = 0
            var d = 0 &- primes.0
            while count >= 32 {
                a = round(a, word(rest))
                b = round(b, word(rest + 8))
                c = round(c, word(rest + 16))
                d = round(d, word(rest + 24))
                rest += 32
                count -= 32
            }
            hash = rotate(a, 1) &+ rotate(b, 7) &+ rotate(c, 12) &+ rotate(d, 18)
            for lane in [a, b, c, d] { hash = (hash ^ round(0, lane)) &* primes.0 &+ primes.3 }
        }
        hash &+= UInt64(bytes.count)
        while count >= 8 {
            hash = rotate(hash ^ round(0, word(rest)), 27) &* primes.0 &+ primes.3
            rest += 8
            count -= 8
        }
        if count >= 4 {
            let half = UInt64(UInt32(littleEndian: rest.loadUnaligned(as: UInt32.self)))
            hash = rotate(hash ^ half &* primes.0, 23) &* primes.1 &+ primes.2
            rest += 4
            count -= 4
        }
        for index in 0..<count {
            let byte = UInt64(rest.load(fromByteOffset: index, as: UInt8.self))
            hash = rotate(hash ^ byte &* primes.4, 11) &* primes.0
        }
        return avalanche(hash)
    }

    private static func word(_ address: UnsafeRawPointer) -> UInt64 {
        UInt64(littleEndian: address.loadUnaligned(as: UInt64.self))
    }

    private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
        rotate(lane &+ word &* primes.1, 31) &* primes.0
    }

    private static func rotate(_ word: UInt64, _ bits: UInt64) -> UInt64 { word &<< bits | word &>> (64 &- bits) }

    private static func avalanche(_ hash: UInt64) -> UInt64 {
        var hash = (hash ^ hash &>> 33) &* primes.1
        hash = (hash ^ hash &>> 29) &* primes.2
        return hash ^ hash &>> 32
    }
}
