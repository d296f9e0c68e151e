package import Checkpoints
public import Files
public import Runtime
public import Tensors
package import Tokenizers

/// Writes a model's folder again with its weights in another format.
///
///     try ModelConversion(directory: "models/gpt2").write(.f16, to: "models/gpt2-f16")
public struct ModelConversion {
    public let configuration: GPT2Configuration
    private let checkpoint: GPT2Checkpoint
    private let generation: GenerationConfiguration
    private let companions: [(name: String, bytes: [UInt8])]
    /// Loads the model's tokenizer; nil where it has none.
    private let tokenizer: () throws(InputError) -> Tokenizer?

    /// - Parameter path: a folder as Hugging Face lays it out.
    /// - Throws: ``InputError`` if it is not there, is damaged, or is not a GPT-2.
    public init(directory path: String) throws(InputError) {
        let directory = try ModelDirectory(path)
        let configuration = try GPT2Configuration(
            json: directory.configuration(), place: directory.file("config.json"))
        try self.init(
            configuration: configuration,
            generation: GenerationConfiguration(
                configuration, json: directory.generationConfiguration(),
                place: directory.file("generation_config.json")),
            weights: directory.weights(), companions: directory.companions(),
            tokenizer: { () throws(InputError) in directory.hasTokenizer ? try Tokenizer(directory: path) : nil })
    }

    package init(
        configuration: GPT2Configuration, generation: GenerationConfiguration, weights: Weights,
        companions: [(name: String, bytes: [UInt8])],
        tokenizer: @escaping () throws(InputError) -> Tokenizer?
    ) throws(InputError) {
        self.configuration = configuration
        self.generation = generation
        self.companions = companions
        self.tokenizer = tokenizer
        checkpoint = try GPT2Checkpoint(weights, configuration)
        if let (name, format) = checkpoint.panels.min(by: { $0.key < $1.key }) {
            throw InputError(
                .usage, "tensor \(name) is stored as \(format.rawValue) already", in: weights.place,
                advice: "Name the model that it was made of")
        }
    }

    /// What the user should know about the files.
    public var warnings: [String] { checkpoint.warnings }
    /// Numbers in the weights.
    public var parameterCount: Int { checkpoint.elements }

    /// Bytes of the weights in a format.
    public func byteCount(_ format: WeightFormat) -> Int {
        expected.reduce(0) { bytes, tensor in
            if format.isQuantized, configuration.isPackable(tensor) {
                let (inputs, outputs) = configuration.map(of: tensor)
                return bytes + format.byteCount(inputs: inputs, outputs: outputs)
            }
            return bytes + tensor.shape.reduce(format == .f16 ? 2 : 4, *)
        }
    }

    private var expected: [ExpectedTensor] {
        let isTied = checkpoint.output == checkpoint.tokenEmbedding
        return configuration.transformerTensors + (isTied ? [] : [configuration.languageModelHead])
    }

    /// Writes config.json, model.safetensors and what went with the model, its tokenizer above all. The folder appears at
    /// once, whole.
    ///
    /// - Parameters:
    ///   - folder: must be absent or empty.
    ///   - data: what q8 and q4 are fitted to, so that the outputs of linear maps change least where the model reads such
    ///     text; else each weight stays as near as it can, which costs q4 three or four times the loss. Takes memory for the
    ///     new weights, the text's vectors and one block, and for the model as q8 while it writes by itself.
    ///   - team: who computes. It changes no bit of the files.
    ///   - progress: told now and then which share of the work is done.
    /// - Throws: ``InputError`` if the folder holds anything or cannot be written, if the format cannot hold a weight or
    ///   cannot be fitted to a text, or if the model cannot read the text.
    public func write(
        _ format: WeightFormat, to folder: String, calibratedOn data: CalibrationData? = nil,
        team: Team = .shared, progress: (Double) -> Void = { _ in }
    ) throws(InputError) {
        try Folder.requireEmpty(folder)
        let matrices =
            try data.map { data throws(InputError) in try calibrated(format, on: data, team, progress) } ?? [:]
        try FolderReplacement.create(folder) { folder throws(InputError) in
            let dtype = format == .f16 ? "float16" : "float32"
            try AtomicFile.write(configuration.json(dtype: dtype).utf8, to: "\(folder)/config.json")
            for file in companions { try AtomicFile.write(file.bytes, to: "\(folder)/\(file.name)") }
            // What is calibrated is done but for the writing.
            try withoutActuallyEscaping(data == nil ? progress : { _ in }) { progress throws(InputError) in
                let tensors = try tensors(format, calibrated: matrices, team, progress)
                // Panels are read where they lie, so they should begin with a line of the cache.
                try SafetensorsWriter.write(
                    tensors, alignment: format.isQuantized ? 64 : SafetensorsWriter.referenceAlignment,
                    to: "\(folder)/model.safetensors")
            }
        }
    }

    /// The weights of the model's linear maps by their names, fitted to a text.
    private func calibrated(
        _ format: WeightFormat, on data: CalibrationData, _ team: Team, _ progress: (Double) -> Void
    ) throws(InputError) -> [String: PackedMatrix] {
        guard format.isQuantized else {
            throw InputError(
                .usage, "weights as \(format.rawValue) are not fitted to a text", in: checkpoint.weights.place,
                advice: "Calibrate q8 or q4")
        }
        let room = CalibrationMemory(configuration, format: format).availableTokens
        let reader = WeightReader(checkpoint: checkpoint, configuration: configuration, team: team)
        switch data {
        case .text(let text):
            return try Calibration(windows(of: text, room: room), reader, format: format).matrices(progress: progress)
        case .ownWriting(let tokens):
            // Writing takes about as long as fitting.
            let windows = try writing(tokens: tokens, room: room, team) { progress($0 / 2) }
            return try Calibration(windows, reader, format: format).matrices { progress((1 + $0) / 2) }
        }
    }

    /// What the model writes by itself.
    private func writing(
        tokens: Int, room: Int, _ team: Team, _ progress: (Double) -> Void
    ) throws(InputError) -> [[TokenID]] {
        try CalibrationText.check(tokens)
        guard tokens <= room else { throw CalibrationText.noMemory(room, checkpoint.weights.place) }
        // What 8 bits lose changes the texts, but not what they are like.
        let network = try GPT2(checkpoint, configuration, format: .q8, team: team)
        if let broken = network.nonFiniteTensors.first {
            throw InputError(
                .data,
                "tensor \(broken.quoted) holds weights that are infinite or not numbers, or too large for the scales of q8",
                in: checkpoint.weights.place, advice: "Keep the weights as f32, or make the model again")
        }
        let start = configuration.startToken(try tokenizer(), endOfText: generation.endOfText)
        return try OwnWriting(network, start: start, team: team).windows(tokens: tokens, progress: progress)
    }

    /// The tokens of a text to calibrate on, as the model reads them.
    ///
    /// - Parameter room: how many tokens there is memory for.
    /// - Throws: ``InputError`` of kind `usage` if the model has no tokenizer, and as ``CalibrationText`` says.
    package func windows(of text: CalibrationText, room: Int = .max) throws(InputError) -> [[TokenID]] {
        guard let tokenizer = try tokenizer() else {
            throw InputError(
                .usage, "the model has no tokenizer, so it cannot read a text to calibrate on",
                in: checkpoint.weights.place,
                advice: "Put tokenizer.json, or vocab.json and merges.txt, into the folder")
        }
        let start = configuration.startToken(tokenizer, endOfText: generation.endOfText)
        return try text.windows(tokenizer, configuration, start: start, room: room)
    }

    private func tensors(
        _ format: WeightFormat, calibrated: [String: PackedMatrix], _ team: Team,
        _ progress: @escaping (Double) -> Void
    ) throws(InputError) -> [SafetensorsWriter.Tensor] {
        var written = 0
        return try expected.map { tensor throws(InputError) in
            // The one name of a tied pair stays what loaders look for.
            let name = tensor.name == "wte.weight" ? checkpoint.tokenEmbedding : tensor.name
            let weight = try checkpoint.weights.tensor(name, shape: tensor.shape)
            let path = tensor.name == configuration.languageModelHead.name ? tensor.name : "transformer." + tensor.name
            let packed = format.isQuantized && configuration.isPackable(tensor)
            let stored = packed ? panels(tensor, path, format) : ExpectedTensor(path, shape: tensor.shape)
            let dtype = packed ? DType.u8 : format == .f16 ? .f16 : .f32
            return SafetensorsWriter.Tensor(stored.name, dtype, shape: stored.shape) { writer throws(InputError) in
                if let matrix = calibrated[name] {
                    try writePanels(matrix, of: weight, writer)
                } else if packed {
                    try writePanels(packing(Tensor(weight), of: tensor, as: format, team), of: weight, writer)
                } else {
                    try write(Tensor(weight), of: weight, as: format, writer)
                }
                written += tensor.shape.reduce(1, *)
                progress(Double(written) / Double(parameterCount))
            }
        }
    }

    private func panels(_ tensor: ExpectedTensor, _ path: String, _ format: WeightFormat) -> ExpectedTensor {
        let (inputs, outputs) = configuration.map(of: tensor)
        return StoredPanels.panels(path, format, inputs: inputs, outputs: outputs)
    }

    private func packing(
        _ weight: Tensor, of tensor: ExpectedTensor, as format: WeightFormat, _ team: Team
    ) -> PackedMatrix {
        .packing(
            configuration.isTable(tensor) ? .outputsByInputs(weight) : .inputsByOutputs(weight), format: format,
            team: team)
    }

    private func writePanels(
        _ matrix: PackedMatrix, of weight: WeightTensor, _ writer: borrowing AtomicFile.Writer
    ) throws(InputError) {
        defer { withExtendedLifetime(matrix) {} }
        guard matrix.isFinite else {
            throw InputError(
                .data,
                "tensor \(weight.name.quoted) holds weights that are infinite or not numbers, or too large for the scales of "
                    + matrix.format.rawValue, in: weight.place,
                advice: "Keep the weights as f32, or make the model again")
        }
        try writer.write(UnsafeRawBufferPointer(start: matrix.panels, count: matrix.byteCount))
    }

    private func write(
        _ tensor: Tensor, of weight: WeightTensor, as format: WeightFormat, _ writer: borrowing AtomicFile.Writer
    ) throws(InputError) {
        defer { withExtendedLifetime(tensor) {} }
        guard format == .f16 else {
            return try writer.write(UnsafeRawBufferPointer(start: tensor.floats, count: tensor.shape.count * 4))
        }
        let largest = tensor.withUnsafeValues { $0.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 } }
        guard largest < HalfPrecision.limit else {
            throw InputError(
                .data, "tensor \(weight.name.quoted) holds \(largest), and f16 ends at 65504", in: weight.place,
                advice: "Keep the weights as f32")
        }
        let halves = HalfPrecision.narrowed(tensor)
        try halves.withUnsafeBufferPointer { halves throws(InputError) in
            try writer.write(UnsafeRawBufferPointer(halves))
        }
    }
}
