import Foundation
import Tensors

/// The operations once more, in double precision and written as plainly as their definitions: nothing is shared with
/// what they check.
enum Reference {
    /// activation(x W + bias) + residual, W as [inputs, outputs], or as [outputs, inputs] where it is transposed.
    static func linear(
        _ x: Numbers, _ weight: Numbers, transposed: Bool = false, bias: Numbers? = nil,
        activation: Activation = .identity, adding residual: Numbers? = nil
    ) -> Numbers {
        let outputs = weight.shape[transposed ? 0 : 1]
        var y = Numbers(x.shape.withLast(outputs))
        for row in 0..<x.rows {
            for output in 0..<outputs {
                var sum = bias?.values[output] ?? 0
                for input in 0..<x.columns {
                    sum += x[row, input] * (transposed ? weight[output, input] : weight[input, output])
                }
                let activated = activate(sum, activation)
                y[row, output] = activated + (residual.map { $0[row, output] } ?? 0)
            }
        }
        return y
    }

    static func activate(_ x: Double, _ activation: Activation) -> Double {
        switch activation {
        case .identity: x
        case .geluNew: x / 2 * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        case .gelu: x / 2 * (1 + erf(x / 2.squareRoot()))
        case .relu: max(x, 0)
        case .silu: x / (1 + exp(-x))
        case .tanh: tanh(x)
        }
    }

    static func activate(_ x: Numbers, _ activation: Activation) -> Numbers { x.map { activate($0, activation) } }

    static func embed(_ tokens: [Int32], _ table: Numbers) -> Numbers {
        var y = Numbers(Shape(tokens.count, table.columns))
        for (row, token) in tokens.enumerated() {
            for column in 0..<table.columns { y[row, column] = table[Int(token), column] }
        }
        return y
    }

    static func add(_ a: Numbers, _ b: Numbers) -> Numbers { Numbers(zip(a.values, b.values).map(+), a.shape) }

    static func multiply(_ a: Numbers, _ b: Numbers) -> Numbers { Numbers(zip(a.values, b.values).map(*), a.shape) }

    static func scale(_ x: Numbers, by factor: Double) -> Numbers { x.map { $0 * factor } }

    static func sum(_ x: Numbers) -> Numbers { Numbers([x.values.reduce(0, +)], Shape(1)) }

    static func columns(_ x: Numbers, _ range: Range<Int>) -> Numbers {
        var y = Numbers(Shape(x.rows, range.count))
        for row in 0..<x.rows {
            for column in range { y[row, column - range.lowerBound] = x[row, column] }
        }
        return y
    }

    static func rows(_ x: Numbers, _ range: Range<Int>) -> Numbers {
        var y = Numbers(Shape(range.count, x.columns))
        for row in range {
            for column in 0..<x.columns { y[row - range.lowerBound, column] = x[row, column] }
        }
        return y
    }

    static func sideBySide(_ parts: [Numbers]) -> Numbers {
        let rows = parts.first?.rows ?? 0
        let values = (0..<rows).flatMap { row in
            parts.flatMap { part in (0..<part.columns).map { part[row, $0] } }
        }
        return Numbers(values, Shape(rows, parts.reduce(0) { $0 + $1.columns }))
    }
}
