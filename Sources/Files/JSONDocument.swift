/// The values of one JSON text in the order in which they begin: none has an object of its own, however many there are.
final class JSONDocument: Sendable {
    enum Node: Sendable {
        case null
        case bool(Bool)
        case integer(Int)
        case number(Double)
        /// Its bytes among the strings.
        case string(start: UInt32, count: UInt32)
        /// How many elements follow, and the first node after them.
        case array(count: UInt32, end: UInt32)
        /// How many members follow, a key and a value each, and the first node after them.
        case object(count: UInt32, end: UInt32)

        /// The node after this one, at `node`, and all that it holds.
        func end(at node: UInt32) -> UInt32 {
            switch self {
            case .array(_, let end), .object(_, let end): end
            default: node + 1
            }
        }
    }

    let nodes: [Node]
    let strings: JSONStrings
    /// By their nodes, the objects of more than a few members.
    let indexes: [UInt32: JSONKeyIndex]

    init(nodes: [Node], strings: JSONStrings, indexes: [UInt32: JSONKeyIndex]) {
        self.nodes = nodes
        self.strings = strings
        self.indexes = indexes
    }

    func value(at node: UInt32) -> JSON {
        switch nodes[Int(node)] {
        case .null: .null
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .string: .string(string(at: node))
        case .array(let count, _): .array(JSONArray(self, node, count: Int(count)))
        case .object(let count, _): .object(JSONObject(self, node, count: Int(count)))
        }
    }

    func string(at node: UInt32) -> JSONString {
        guard case .string(let start, let count) = nodes[Int(node)] else { preconditionFailure("no string") }
        return JSONString(strings, start: start, count: count)
    }

    /// The node after a value and all that it holds.
    func end(of node: UInt32) -> UInt32 { nodes[Int(node)].end(at: node) }
}

/// The elements of a JSON array, each made when it is asked for.
package struct JSONArray: Sequence, Sendable, Equatable {
    package let count: Int
    private let document: JSONDocument
    private let node: UInt32

    package var isEmpty: Bool { count == 0 }

    init(_ document: JSONDocument, _ node: UInt32, count: Int) {
        self.document = document
        self.node = node
        self.count = count
    }

    package struct Iterator: IteratorProtocol {
        fileprivate let document: JSONDocument
        fileprivate var node: UInt32
        fileprivate var left: Int

        package mutating func next() -> JSON? {
            if left == 0 { return nil }
            left -= 1
            defer { node = document.end(of: node) }
            return document.value(at: node)
        }
    }

    package func makeIterator() -> Iterator { Iterator(document: document, node: node + 1, left: count) }
    package var underestimatedCount: Int { count }

    package static func == (left: JSONArray, right: JSONArray) -> Bool {
        left.count == right.count && left.elementsEqual(right)
    }
}
