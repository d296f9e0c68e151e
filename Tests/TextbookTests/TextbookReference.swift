import Foundation
import Layers
import Tensors
import TestSupport
import Testing

/// A block of the textbook in PyTorch, made by Fixtures/make_textbook.py.
struct TextbookReference: Decodable {
    let row: String
    let hidden, heads, layers, size: Int?
    let source, target: [[Int32]]?
    let greedy: [Int32]?

    typealias Case = ParityCase<TextbookReference>

    /// All cases of a row of the guide's table.
    static func cases(_ row: String) -> [Case] {
        guard let folder = Bundle.module.url(forResource: "Fixtures", withExtension: nil) else { return [] }
        let fixture = try? ParityFixture<TextbookReference>("textbook", in: folder)
        return fixture?.cases.filter { $0.settings.row == row } ?? []
    }

    func value(_ path: KeyPath<TextbookReference, Int?>) throws -> Int { try #require(self[keyPath: path]) }
}

/// The same tensor with its first two axes exchanged: what is batch-first becomes sequence-first.
func exchanged(_ x: Tensor, _ context: ForwardContext) -> Tensor {
    let (first, second) = (x.shape[0], x.shape[1])
    let order = (0..<second).flatMap { j in (0..<first).map { i in Int32(i * second + j) } }
    return context.gather(order, x.reshaped(Shape(first * second, x.shape[2])))
        .reshaped(Shape(second, first, x.shape[2]))
}

/// The same tensor with other numbers at the given rows, all axes but the last taken together.
func changed(_ x: Tensor, rows: Range<Int>) -> Tensor {
    let width = x.shape[-1]
    var values = x.values
    for i in rows.lowerBound * width..<rows.upperBound * width { values[i] = 1 - 2 * values[i] }
    return Tensor(values, shape: x.shape)
}
