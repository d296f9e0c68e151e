internal import Checkpoints
package import Files
package import GPT2
internal import Layers
internal import Tensors

/// Low-rank adapters in a folder of their own, as PEFT saves and loads them: adapter_config.json and
/// adapter_model.safetensors.
package enum AdapterFiles {
    static let folderName = "adapter"
    private static let weightsName = "adapter_model.safetensors"

    /// - Parameter base: the model's folder that the adapters belong to.
    package static func write(
        _ model: GPT2, rank: Int, alpha: Double, targets: [String], base: String, to folder: String
    ) throws(InputError) {
        try Folder.create(folder)
        let names = targets.map(\.jsonEscaped).joined(separator: ", ")
        // GPT-2's Conv1D stores [in, out], which PEFT calls fan_in_fan_out.
        let configuration = """
            {
              "base_model_name_or_path": \(base.jsonEscaped),
              "bias": "none",
              "fan_in_fan_out": true,
              "inference_mode": true,
              "lora_alpha": \(alpha),
              "lora_dropout": 0.0,
              "peft_type": "LORA",
              "r": \(rank),
              "target_modules": [\(names)],
              "task_type": "CAUSAL_LM"
            }

            """
        try AtomicFile.write(configuration.utf8, to: "\(folder)/adapter_config.json")
        try SafetensorsWriter.write(model.adapterParameters, to: "\(folder)/\(weightsName)")
    }

    /// Puts saved adapters into a model that has some of the same shapes.
    package static func read(into model: inout GPT2, from folder: String) throws(InputError) {
        let file = try SafetensorsFile(path: "\(folder)/\(weightsName)")
        let weights = try Weights([file], place: file.place)
        var tensors: [String: Tensor] = [:]
        for (name, parameter) in model.adapterParameters {
            tensors[name] = try Tensor(weights.tensor(name, shape: parameter.shape.sizesByAxis))
        }
        model.updateParameters { path, parameter in
            if let tensor = tensors["base_model.model.\(path)"] { parameter = tensor.asParameter }
        }
    }
}
