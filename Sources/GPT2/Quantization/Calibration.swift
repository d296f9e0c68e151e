internal import Files
internal import Layers
internal import Tensors
internal import Tokenizers

/// Quantises the linear maps of a model for the inputs that a text gives them.
///
/// Goes through the model block by block with its exact weights, and holds the residual stream of the whole text, but the
/// second moments of one block's inputs only.
struct Calibration {
    private let reader: WeightReader
    private let format: WeightFormat
    private let batches: [ForwardBatch]
    private let context: ForwardContext

    /// Windows pass the model together up to so many tokens.
    static let tokensTogether = 1024

    /// A linear map, and where its inputs can be seen.
    private struct Map {
        let name: String
        let site: TapPoint.Site
        let inputs: Int
        let outputs: Int

        /// Multiplications to the factor of the moments and to the numbers, as far as they tell the time.
        var work: Double {
            let (inputs, outputs) = (Double(inputs), Double(outputs))
            return inputs * inputs * (inputs / 6 + outputs / 2) + 500 * inputs * outputs
        }
    }

    init(_ windows: [[TokenID]], _ reader: WeightReader, format: WeightFormat) throws(InputError) {
        self.reader = reader
        self.format = format
        context = ForwardContext(team: reader.team)
        var batches: [ForwardBatch] = []
        for window in windows {
            if let last = batches.last, last.tokens.count + window.count <= Self.tokensTogether {
                try batches[batches.count - 1].append(whole: window)
            } else {
                var batch = ForwardBatch()
                try batch.append(whole: window)
                batches.append(batch)
            }
        }
        self.batches = batches
    }

    private var configuration: GPT2Configuration { reader.configuration }

    private func maps(layer: Int) -> [Map] {
        let (channels, inner) = (configuration.channels, configuration.innerChannels)
        return [
            Map(name: "h.\(layer).attn.c_attn.weight", site: .norm1, inputs: channels, outputs: 3 * channels),
            Map(name: "h.\(layer).attn.c_proj.weight", site: .headOutputs, inputs: channels, outputs: channels),
            Map(name: "h.\(layer).mlp.c_fc.weight", site: .norm2, inputs: channels, outputs: inner),
            Map(name: "h.\(layer).mlp.c_proj.weight", site: .feedForwardActivated, inputs: inner, outputs: channels),
        ]
    }

    private var head: Map {
        Map(
            name: reader.checkpoint.output, site: .finalNorm, inputs: configuration.channels,
            outputs: configuration.vocabularySize)
    }

    /// The weights of all maps, the head's among them, by their names in the checkpoint.
    ///
    /// - Parameter progress: told which share of the work is done.
    /// - Throws: ``InputError`` of kind `data` if weights or what the model makes of the text are not all numbers.
    func matrices(progress: (Double) -> Void) throws(InputError) -> [String: PackedMatrix] {
        var matrices: [String: PackedMatrix] = [:]
        let maps = maps(layer: 0)
        let tokens = batches.reduce(0) { $0 + $1.tokens.count }
        let workOfToken = maps.reduce(0.0) { $0 + Double($1.inputs * ($1.outputs + $1.inputs / 2)) }
        let workOfBlock = Double(tokens) * workOfToken + maps.reduce(0) { $0 + $1.work }
        let total = Double(configuration.layers) * workOfBlock + head.work
        var done = 0.0
        func advance(by work: Double) {
            done += work
            progress(min(done / total, 1))
        }

        var stream = try embedded()
        for layer in 0..<configuration.layers {
            let block = try reader.block(layer)
            let taps = Taps()
            let seen = self.maps(layer: layer).map { map in
                let moments = SecondMoments(inputs: map.inputs)
                taps.read(TapPoint(map.site, layer: layer)) { moments.add($0, context) }
                return (map, moments)
            }
            var watched = context
            watched.taps = taps
            for (index, batch) in batches.enumerated() {
                stream[index] = block(stream[index], batch, watched)
                advance(by: Double(batch.tokens.count) * workOfToken)
            }
            for (map, moments) in seen {
                matrices[map.name] = try quantized(map, moments)
                advance(by: map.work)
            }
        }

        let moments = SecondMoments(inputs: configuration.channels)
        let norm = try reader.norm("ln_f")
        for rows in stream { moments.add(norm(rows, context), context) }
        stream = []
        matrices[head.name] = try quantized(head, moments)
        advance(by: head.work)
        return matrices
    }

    /// The residual stream of each batch as it enters the first block.
    private func embedded() throws(InputError) -> [Tensor] {
        let tokens = Embedding(table: try reader.table(reader.checkpoint.tokenEmbedding))
        let positions = try reader.positions()
        return batches.map { context.add(tokens($0.tokens, context), positions($0.positions, context)) }
    }

    private func quantized(_ map: Map, _ moments: SecondMoments) throws(InputError) -> PackedMatrix {
        let isHead = map.site == .finalNorm
        let shape = isHead ? [map.outputs, map.inputs] : [map.inputs, map.outputs]
        let stored = try reader.checkpoint.weights.tensor(map.name, shape: shape)
        let weight = try Tensor(stored)
        guard weight.isFinite else {
            throw InputError(
                .data, "tensor \(stored.name.quoted) holds weights that are infinite or not numbers", in: stored.place,
                advice: "Keep the weights as f32, or make the model again")
        }
        guard let factor = UpperFactor(moments, context) else {
            throw InputError(
                .data, "what the model makes of the text before \(stored.name.quoted) is not all numbers",
                in: stored.place, advice: "Quantise it without calibration")
        }
        return PackedMatrix(
            calibrating: isHead ? .outputsByInputs(weight) : .inputsByOutputs(weight), format: format, for: factor,
            context)
    }
}
