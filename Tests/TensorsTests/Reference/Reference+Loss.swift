import Foundation
import Tensors

extension Reference {
    /// The mean over rows with a target of log Σ exp(x) - x[target].
    static func crossEntropy(_ logits: Numbers, targets: [Int32]) -> Numbers {
        var (sum, count) = (0.0, 0)
        for (row, target) in targets.enumerated() where target >= 0 {
            let line = (0..<logits.columns).map { logits[row, $0] }
            let top = line.max() ?? 0
            sum += log(line.reduce(0) { $0 + exp($1 - top) }) + top - line[Int(target)]
            count += 1
        }
        return Numbers([count == 0 ? 0 : sum / Double(count)], Shape(1))
    }
}
