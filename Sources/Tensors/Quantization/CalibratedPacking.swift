internal import Kernels
internal import Runtime

extension PackedMatrix {
    /// Quantises weights so that the map's outputs change least for the inputs that it has met, not the weights themselves.
    ///
    /// With the error e of an output's weights and the second moments R Rᵀ of the inputs, the outputs are off by
    /// |Rᵀ e|². R is upper triangular, so input k's part of that is made by the errors of the inputs up to k: each number is
    /// chosen to cancel what those before it did. That is GPTQ (Frantar et al., arXiv:2210.17323) without its inverse.
    ///
    /// - Parameters:
    ///   - weight: of finite numbers and not packed.
    ///   - format: q8 or q4.
    ///   - factor: of the map's inputs.
    package convenience init(
        calibrating weight: Weight, format: WeightFormat, for factor: UpperFactor, _ context: ForwardContext
    ) {
        precondition(format.isQuantized && weight.inputs == factor.inputs)
        self.init(inputs: weight.inputs, outputs: weight.outputs, format: format)
        // So many outputs that their errors stay small beside the model.
        let outputsTogether = 2048
        let errors = context.tensor(Shape(min(outputsTogether, outputs), inputs))
        let carried = context.tensor(Shape(min(outputsTogether, outputs), 32))
        for first in stride(from: 0, to: outputs, by: outputsTogether) {
            let count = min(outputsTogether, outputs - first)
            for start in stride(from: 0, to: inputs, by: 32) {
                let block = start..<min(start + 32, inputs)
                context.multiply(
                    MatrixView(errors).part(rows: 0..<count, columns: 0..<start),
                    MatrixView(factor.factor).part(rows: 0..<start, columns: block),
                    into: MatrixView(carried).part(rows: 0..<count, columns: 0..<block.count))
                let task = CalibrationTask(
                    weight: weight, factor: factor.factor, matrix: self, outputs: first..<first + count, block: block,
                    errors: errors, carried: carried, kernels: context.kernels)
                context.team.run(task, operations: count * 32 * 300)
            }
        }
        isFinite = scalesAreFinite
    }
}

/// Quantises one block of inputs of some outputs, a panel at a time.
private struct CalibrationTask: TeamTask {
    let weight: Weight
    let factor: Tensor
    let matrix: PackedMatrix
    let outputs: Range<Int>
    let block: Range<Int>
    /// [outputs, inputs], weights less what stands for them.
    let errors: Tensor
    /// [outputs, 32].
    let carried: Tensor
    let kernels: KernelTable

    func run(part: Int, of parts: Int) {
        let panels = (outputs.count + 15) / 16
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 3 * 32 * 16) { scratch in
            guard let scratch = scratch.baseAddress else { return }
            for panel in panels * part / parts..<panels * (part + 1) / parts { quantize(panel, scratch) }
        }
    }

    private func quantize(_ panel: Int, _ scratch: UnsafeMutablePointer<Float>) {
        let (weights, sums, differences) = (scratch, scratch + 32 * 16, scratch + 2 * 32 * 16)
        let inputs = matrix.inputs
        let row = panel * 16
        let output = outputs.lowerBound + row
        let valid = min(16, outputs.count - row)
        switch weight {
        case .inputsByOutputs(let tensor):
            let source = tensor.floats + block.lowerBound * matrix.outputs + output
            kernels.pointee.pack_columns(block.count, valid, source, matrix.outputs, weights)
        case .outputsByInputs(let tensor):
            kernels.pointee.pack_rows(
                block.count, valid, tensor.floats + output * inputs + block.lowerBound, inputs, weights)
        case .packed:
            preconditionFailure("the weights are packed")
        }
        kernels.pointee.pack_rows(block.count, valid, carried.floats + row * 32, 32, sums)
        var calibration = kernels_calibration(
            depth: block.count, weights: weights, carried: sums,
            factor: factor.floats + block.lowerBound * inputs + block.lowerBound, factor_stride: inputs,
            errors: differences)
        let place = output / 16 * matrix.panelStride + matrix.format.panelBytes(inputs: block.lowerBound)
        let bytes = (matrix.panels + place).assumingMemoryBound(to: UInt8.self)
        (matrix.format == .q8 ? kernels_calibrate_q8 : kernels_calibrate_q4)(&calibration, bytes)
        kernels.pointee.transpose(
            block.count, valid, differences, 16, errors.floats + row * inputs + block.lowerBound, inputs)
    }
}
