internal import Runtime
package import Tensors

/// About how much memory calibration takes, so that more tokens than there is room for are refused beforehand.
package struct CalibrationMemory {
    /// Bytes for each token: its vector in the residual stream, and its number where windows and batches hold it.
    package let bytesPerToken: Int
    /// Bytes whatever the text is: the new weights, and what is held of the block or the head that is at work.
    package let fixedBytes: Int

    package init(_ configuration: GPT2Configuration, format: WeightFormat) {
        let (channels, inner) = (configuration.channels, configuration.innerChannels)
        let maps = [(channels, 3 * channels), (channels, channels), (channels, inner), (inner, channels)]
        func bytes(_ maps: [(inputs: Int, outputs: Int)], _ format: WeightFormat) -> Int {
            maps.reduce(0) { $0 + format.byteCount(inputs: $1.inputs, outputs: $1.outputs) }
        }
        let head = [(channels, configuration.vocabularySize)]
        let weights = configuration.layers * bytes(maps, format) + bytes(head, format)
        // A buffer of the pool may be a quarter larger than what is asked for.
        bytesPerToken = 5 * channels + 32
        // The maps as floats, the moments of their inputs, a factor of the largest, and what tokens that pass together become.
        let moments = 4 * (3 * channels * channels + inner * inner)
        let factor = 5 * max(channels, inner) * max(channels, inner)
        let passing = 5 * Calibration.tokensTogether * (12 * channels + 2 * inner)
        let block = bytes(maps, .f32) + moments + factor + passing
        fixedBytes = weights + max(block, bytes(head, .f32) + 9 * channels * channels)
    }

    /// How many tokens fit into so many bytes.
    package func tokens(in bytes: Int) -> Int { max(bytes - fixedBytes, 0) / bytesPerToken }

    /// How many tokens the system has memory for.
    var availableTokens: Int {
        // Where the system does not say, what it would give decides alone.
        var bytes = Processor.availableBytes ?? 1 << 46
        while bytes > fixedBytes, !canAllocate(byteCount: bytes) { bytes /= 2 }
        return tokens(in: bytes)
    }
}
