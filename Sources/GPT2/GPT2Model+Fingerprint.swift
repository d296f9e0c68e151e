internal import Layers
internal import Runtime
internal import Tensors

extension GPT2Model {
    /// A number that is another one where a weight, the form in which one is held, or a setting of the arithmetic differs.
    ///
    /// It is a hash of all weights as they lie in memory. Decoding a token reads all of them too, so it takes no longer than
    /// one token. The alternative, to run a few fixed tokens and hash what comes out, takes about as long and lets pass what
    /// those tokens do not touch: the vectors of all other tokens, neurons that ReLU or GELU keeps at zero, and changes that
    /// rounding swallows. What a hash of weights cannot see is another arithmetic, as in another version of this program:
    /// ``PromptReuse`` computes a stored position again for that.
    var fingerprint: UInt64 {
        knownFingerprint.withLock { known in
            let fingerprint = known ?? network.fingerprint(team)
            known = fingerprint
            return fingerprint
        }
    }

    /// The formats in which its weights are held, as in "q8". Norms, biases and positions are always floats.
    package var weightFormats: String {
        var formats: Set<WeightFormat> = []
        network.forEachMemory { _, format, _ in if let format { formats.insert(format) } }
        return formats.isEmpty ? WeightFormat.f32.rawValue : formats.map(\.rawValue).sorted().joined(separator: ", ")
    }
}

extension GPT2 {
    fileprivate func fingerprint(_ team: Team) -> UInt64 {
        defer { withExtendedLifetime(self) {} }
        var pieces: [UnsafeRawBufferPointer] = []
        // Sizes of weights say the other sizes.
        var text = """
            heads \(configuration.heads), \(configuration.activation), epsilon \(configuration.layerNormEpsilon), \
            scaled \(configuration.scaleAttentionWeights) \(configuration.scaleAttentionByInverseLayer)

            """
        if cachesBytes { text += "keys and values as bytes\n" }
        for block in blocks {
            let (attention, feedForward) = (block.attention, block.feedForward)
            for map in [attention.projection, attention.output, feedForward.inner, feedForward.output] {
                if let adapter = map.adapter { text += "adapter \(adapter.scale)\n" }
            }
        }
        forEachMemory { path, format, bytes in
            text += "\(path) \(format?.rawValue ?? "parameter") \(bytes.count)\n"
            for start in stride(from: 0, to: bytes.count, by: HashTask.pieceLength) {
                let end = min(start + HashTask.pieceLength, bytes.count)
                pieces.append(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            }
        }
        var hashes = [UInt64](repeating: 0, count: pieces.count)
        hashes.withUnsafeMutableBufferPointer { hashes in
            if let start = hashes.baseAddress { team.run(HashTask(pieces: pieces, hashes: start)) }
        }
        hashes.append(Array(text.utf8).withUnsafeBytes(XXHash64.hash))
        return hashes.withUnsafeBytes(XXHash64.hash)
    }
}

/// Hashes pieces, each on some thread.
private struct HashTask: TeamTask {
    /// The same for any number of threads.
    static let pieceLength = 1 << 18

    // Safe to share: the pieces are only read, and each part writes the hashes of its own.
    nonisolated(unsafe) let pieces: [UnsafeRawBufferPointer]
    nonisolated(unsafe) let hashes: UnsafeMutablePointer<UInt64>

    func run(part: Int, of parts: Int) {
        for index in stride(from: part, to: pieces.count, by: parts) { hashes[index] = XXHash64.hash(pieces[index]) }
    }
}
