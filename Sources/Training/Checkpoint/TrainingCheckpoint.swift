internal import Checkpoints
public import Files
internal import GPT2
internal import Layers
internal import Tensors

/// A folder from which a run goes on: a model as Hugging Face lays it out, with its tokenizer, and beside it what the
/// optimizer remembers.
///
/// The folder appears at once, whole: it is written under another name and renamed when all of it is on the disk.
public enum TrainingCheckpoint {
    private static let stateName = "training.safetensors"
    private static let progressName = "training.json"

    /// Files that the model's folder carries besides, by name: its tokenizer.
    public typealias Companions = [(name: String, bytes: [UInt8])]

    /// Writes a checkpoint; one of that name is replaced.
    ///
    /// - Parameter notes: small numbers that the run must have back, by name.
    /// - Throws: ``InputError`` if it cannot be written; nothing stands under `path` then that did not before.
    public static func write(
        _ trainer: Trainer, notes: [String: Double] = [:], companions: Companions, to path: String
    ) throws(InputError) {
        try FolderReplacement.write(path) { folder throws(InputError) in
            try trainer.mergedModel.save(toDirectory: folder)
            if let adapters = trainer.adapters {
                try AdapterFiles.write(
                    trainer.model, rank: adapters.rank, alpha: adapters.alpha, targets: adapters.targets,
                    base: adapters.base, to: "\(folder)/\(AdapterFiles.folderName)")
            }
            for file in companions { try AtomicFile.write(file.bytes, to: "\(folder)/\(file.name)") }
            try SafetensorsWriter.write(trainer.state, to: "\(folder)/\(stateName)")
            // Last: a folder that has it is whole.
            let numbers = notes.sorted { $0.key < $1.key }.map {
                ",\"\($0.key)\":\"\(String($0.value.bitPattern, radix: 16))\""
            }
            let progress = "{\"step\":\(trainer.step)\(numbers.joined())}\n"
            try AtomicFile.write(progress.utf8, to: "\(folder)/\(progressName)")
        }
    }

    /// Puts a trainer where a checkpoint was written.
    ///
    /// - Returns: the notes that were written with it.
    /// - Throws: ``InputError`` if the folder is not such a checkpoint or does not fit the trainer's model.
    public static func restore(_ trainer: inout Trainer, from path: String) throws(InputError) -> [String: Double] {
        let place = "\(path)/\(progressName)"
        let fields = try JSONFields(JSON.read(place), in: place)
        guard let step = try fields.optionalInteger("step"), step >= 0 else {
            throw fields.invalid("step", "is absent", advice: "Go on from another checkpoint")
        }
        var notes: [String: Double] = [:]
        for member in fields.object.members where member.key != JSONString("step") {
            let name = member.key.description
            guard let bits = try fields.optionalString(name).flatMap({ UInt64($0, radix: 16) }) else {
                throw fields.invalid(name, "is not a number in hexadecimal", advice: "Go on from another checkpoint")
            }
            notes[name] = Double(bitPattern: bits)
        }
        var model = trainer.model
        if trainer.adapters == nil {
            model = try GPT2(trainable: path)
        } else {
            try AdapterFiles.read(into: &model, from: "\(path)/\(AdapterFiles.folderName)")
        }
        guard model.configuration == trainer.model.configuration else {
            throw InputError(
                .data, "the checkpoint holds a model of another configuration", in: path,
                advice: "Go on with the options with which the run began")
        }
        let state = try SafetensorsFile(path: "\(path)/\(stateName)")
        trainer.model = model
        try trainer.restore(Weights([state], place: state.place), step: step)
        return notes
    }
}

extension Trainer {
    /// What the optimizers remember.
    fileprivate var state: [(path: String, tensor: Tensor)] {
        adamW.moments.flatMap { path, moments in
            [("adamw.mean.\(path)", moments.mean), ("adamw.square.\(path)", moments.square)]
        } + muon.momenta.map { path, momentum in ("muon.momentum.\(path)", momentum) }
    }

    fileprivate mutating func restore(_ weights: Weights, step: Int) throws(InputError) {
        func tensor(_ name: String, like parameter: Tensor) throws(InputError) -> Tensor {
            try Tensor(weights.tensor(name, shape: parameter.shape.sizesByAxis))
        }
        self.step = step
        adamW.step = step
        adamW.moments = [:]
        muon.momenta = [:]
        if step == 0 { return }
        for (path, parameter) in model.parameters where parameter.isParameter {
            if settings.optimizer == .muon, muon.handles(path, parameter) {
                muon.momenta[path] = try tensor("muon.momentum.\(path)", like: parameter)
            } else {
                adamW.moments[path] = AdamW.Moments(
                    mean: try tensor("adamw.mean.\(path)", like: parameter),
                    square: try tensor("adamw.square.\(path)", like: parameter))
            }
        }
    }
}
