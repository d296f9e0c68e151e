internal import Layers
internal import Tensors

/// What a run of a network needs at least: bytes from memory and floating-point operations, a multiply-add being two.
package struct ForwardWork: Sendable, Equatable {
    package var bytes = 0
    package var operations = 0

    package init(bytes: Int = 0, operations: Int = 0) {
        self.bytes = bytes
        self.operations = operations
    }

    static func + (a: ForwardWork, b: ForwardWork) -> ForwardWork {
        ForwardWork(bytes: a.bytes + b.bytes, operations: a.operations + b.operations)
    }
}

/// What a network's parts cost, from which the work of any run follows.
///
/// Bytes are those of every weight once a forward pass, as they are held, and of the keys and values that earlier passes
/// have left. Activations are not counted: they stay in the caches. Operations are those of the linear maps and of
/// attention's two products, the masked half left out; norms, softmax and activations are not counted. Source: the
/// counting of PyTorch's `torch.utils.flop_counter`.
package struct NetworkCost: Sendable {
    /// What each forward pass reads, whatever its rows: all weights but the tables of positions and, untied, of tokens.
    package let weightBytes: Int
    /// What each row reads of the tables of tokens and positions.
    private let rowBytes: Int
    /// Of the keys and values of one position, in all layers.
    private let positionBytes: Int
    /// Of a row in all blocks' linear maps.
    private let blockOperations: Int
    /// Of a row of a prompt that is not its last, in the last block: it leaves its key and value there and ends.
    private let endedOperations: Int
    private let layers: Int
    /// Of a row of logits.
    private let headOperations: Int
    /// Of one query and one key, in one layer.
    private let attentionOperations: Int

    package init(_ network: GPT2) {
        let configuration = network.configuration
        let linears = network.blocks.flatMap {
            [$0.attention.projection, $0.attention.output, $0.feedForward.inner, $0.feedForward.output]
        }
        let norms = network.blocks.flatMap { [$0.norm1, $0.norm2] } + [network.finalNorm]
        let head = network.head.weight
        let vectors = linears.map(\.bias) + norms.flatMap { [$0.gain, $0.bias] }
        weightBytes =
            linears.reduce(head.byteCount) { $0 + $1.weight.byteCount }
            + vectors.reduce(0) { $0 + 4 * ($1?.shape.count ?? 0) }
        // A table that the head shares is read with it.
        let table = network.tokenEmbedding.table.format
        let tokenBytes = network.untiedHead == nil ? 0 : table.panelBytes(inputs: configuration.channels) / 16
        rowBytes = 4 * configuration.channels + tokenBytes
        positionBytes =
            2 * configuration.layers
            * (network.cachesBytes ? configuration.channels + 4 * configuration.heads : 4 * configuration.channels)
        blockOperations = linears.reduce(0) { $0 + 2 * $1.weight.inputs * $1.weight.outputs }
        headOperations = 2 * head.inputs * head.outputs
        attentionOperations = 2 * 2 * configuration.channels
        endedOperations = 2 * 2 * configuration.channels * configuration.channels
        layers = configuration.layers
    }

    /// Reading a prompt and making the logits of its last position.
    package func prompt(of length: Int) -> ForwardWork {
        let pairs = (layers - 1) * (length * (length + 1) / 2) + length
        let linear = blockOperations + (length - 1) * (blockOperations / layers * (layers - 1) + endedOperations)
        return ForwardWork(
            bytes: weightBytes + length * rowBytes,
            operations: linear + headOperations + pairs * attentionOperations)
    }

    /// Some steps in which each of several sequences gets a token, from where each is `depth` positions long.
    package func decoding(steps: Int, sequences: Int, depth: Int) -> ForwardWork {
        (0..<steps).reduce(ForwardWork()) { work, step in
            let before = depth + step
            return work
                + ForwardWork(
                    bytes: weightBytes + sequences * (rowBytes + before * positionBytes),
                    operations: sequences
                        * (blockOperations + headOperations + (before + 1) * layers * attentionOperations))
        }
    }
}
