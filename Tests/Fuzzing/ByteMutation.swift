extension FuzzGenerator {
    /// Damages bytes blindly in one to four places: flips, replacements, insertions, removals, repetitions, a cut.
    public mutating func mutate(_ original: [UInt8]) -> [UInt8] {
        var bytes = original
        for _ in 0...below(4) {
            guard !bytes.isEmpty else { return [UInt8(below(256))] }
            let position = below(bytes.count)
            let end = min(bytes.count, position + 1 + below(16))
            switch below(8) {
            case 0: bytes[position] ^= 1 << UInt8(below(8))
            case 1: bytes[position] = UInt8(below(256))
            case 2: bytes[position] = pick(Array("{}[]\":,\\/u0-9eE.tn \n\0".utf8))
            case 3: bytes.insert(UInt8(below(256)), at: position)
            case 4: bytes.removeSubrange(position..<end)
            case 5: bytes.insert(contentsOf: bytes[position..<end], at: below(bytes.count))
            case 6: bytes.replaceSubrange(position..<end, with: pick(Self.hostileBytes))
            default: if chance(20) { bytes.removeSubrange(position...) } else { bytes.swapAt(position, end - 1) }
            }
        }
        return bytes
    }

    private static let hostileBytes: [[UInt8]] = [
        [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        [0, 0, 0, 0, 0, 0, 0, 0x80], [0, 0, 0, 0, 0, 0, 0, 0], [0xED, 0xA0, 0x80], [0xC0, 0x80],
        [0xF4, 0x90, 0x80, 0x80],
        [0xEF, 0xBB, 0xBF], Array("\\ud800".utf8), Array("\\ud83d\\ude00".utf8), Array("e\u{301}".utf8),
    ]
}
