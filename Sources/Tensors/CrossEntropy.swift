internal import Kernels
internal import Runtime

extension ForwardContext {
    /// The mean cross-entropy of rows of logits, [1], in nats.
    ///
    /// - Parameters:
    ///   - logits: [R, V].
    ///   - targets: R ids; a negative one leaves its row out.
    public func crossEntropy(_ logits: Tensor, targets: [Int32]) -> Tensor {
        let wantsGradient = tape?.wantsGradient(of: logits) ?? false
        let gradient = wantsGradient ? tensor(logits.shape) : nil
        let losses = rowLosses(logits, targets, weight: 1 / Float(max(counted(targets), 1)), gradient: gradient)
        let loss = mean(losses, targets)
        if tape == nil { return loss }
        return record(.crossEntropy, loss, from: logits) { dy, pass in
            guard let gradient else { return }
            pass.addOwned(pass.context.scale(gradient, by: dy.floats[0]), to: logits)
        }
    }

    /// The mean cross-entropy of the logits x W, [1], in nats, of which never more than some rows exist at a time.
    ///
    /// Under a tape the gradients are worked out on the way, while the logits are there.
    ///
    /// - Parameters:
    ///   - x: [R, C].
    ///   - weight: W, [C, V].
    ///   - targets: R ids; a negative one leaves its row out.
    public func linearCrossEntropy(_ x: Tensor, _ weight: Weight, targets: [Int32]) -> Tensor {
        precondition(x.shape[-1] == weight.inputs, "\(x.shape) into a linear map of \(weight.inputs) inputs")
        precondition(x.rows == targets.count, "\(targets.count) targets for \(x.rows) rows")
        let wantsInput = tape?.wantsGradient(of: x) ?? false
        let wantsWeight = tape?.wantsGradient(of: weight.tensor) ?? false
        let plain = withoutTape
        let dx = wantsInput && weight.view != nil ? tensor(x.shape) : nil
        let dw = wantsWeight ? weight.tensor.map { tensor($0.shape) } : nil
        let scale = 1 / Float(max(counted(targets), 1))
        var losses: [Float] = []
        for start in stride(from: 0, to: x.rows, by: Self.lossRows) {
            let range = start..<min(start + Self.lossRows, x.rows)
            let rows = plain.rows(x, range)
            let logits = plain.linear(rows, weight)
            // In place: the logits become their gradient.
            losses += plain.rowLosses(
                logits, Array(targets[range]), weight: scale, gradient: wantsInput || wantsWeight ? logits : nil)
            guard let view = weight.view else { continue }
            if let dx {
                plain.multiply(MatrixView(logits), view.transposed, into: MatrixView(dx, rows: range))
            }
            if let dw {
                plain.addWeightGradient(weight, input: rows, output: logits, into: dw, accumulate: start > 0)
            }
        }
        if let dw, x.rows == 0 { dw.floats.update(repeating: 0, count: dw.shape.count) }
        let loss = mean(losses, targets)
        if tape == nil { return loss }
        return record(.linearCrossEntropy, loss, from: x, weight.tensor) { dy, pass in
            // The usual seed of 1 spares a pass over what may be the largest gradient of all.
            let factor = dy.floats[0]
            func scaled(_ gradient: Tensor) -> Tensor {
                factor == 1 ? gradient : pass.context.scale(gradient, by: factor)
            }
            if weight.view == nil, pass.wants(x) { pass.failAtPackedWeights() }
            if let dx { pass.addOwned(scaled(dx), to: x) }
            if let dw, let table = weight.tensor { pass.addOwned(scaled(dw), to: table) }
        }
    }

    /// Rows whose logits exist together, at most: 51 MB of them at GPT-2's vocabulary.
    private static let lossRows = 256

    /// The losses of rows of logits, each; `gradient`, which may be the logits themselves, becomes
    /// (softmax - target) * weight.
    package func rowLosses(
        _ logits: Tensor, _ targets: [Int32], weight: Float, gradient: Tensor?
    ) -> [Float] {
        let vocabulary = logits.shape[-1]
        precondition(logits.rows == targets.count, "\(targets.count) targets for \(logits.rows) rows")
        precondition(targets.allSatisfy { $0 < vocabulary }, "a target beyond the \(vocabulary) logits")
        let losses = tensor(Shape(targets.count))
        team.run(
            CrossEntropyTask(
                logits: logits, targets: targets, weight: weight, gradient: gradient, losses: losses, kernels: kernels),
            operations: logits.shape.count * 20)
        return losses.values
    }

    private func counted(_ targets: [Int32]) -> Int { targets.count { $0 >= 0 } }

    private func mean(_ losses: [Float], _ targets: [Int32]) -> Tensor {
        let sum = zip(losses, targets).reduce(0.0) { $1.1 < 0 ? $0 : $0 + Double($1.0) }
        let loss = tensor(Shape(1))
        loss.floats[0] = Float(sum / Double(max(counted(targets), 1)))
        return loss
    }
}

private struct CrossEntropyTask: TeamTask {
    let logits: Tensor
    let targets: [Int32]
    let weight: Float
    let gradient: Tensor?
    let losses: Tensor
    let kernels: KernelTable

    func run(part: Int, of parts: Int) {
        let vocabulary = logits.shape[-1]
        for row in targets.count * part / parts..<targets.count * (part + 1) / parts {
            let target = targets[row]
            let line = (gradient ?? logits).floats + row * vocabulary
            if target < 0 {
                losses.floats[row] = 0
                if gradient != nil { line.update(repeating: 0, count: vocabulary) }
                continue
            }
            if let gradient, gradient.buffer !== logits.buffer {
                line.update(from: logits.floats + row * vocabulary, count: vocabulary)
            }
            losses.floats[row] = withUnsafePointer(to: weight) { weight in
                kernels.pointee.cross_entropy(vocabulary, Int(target), gradient == nil ? nil : weight, line)
            }
        }
    }
}
