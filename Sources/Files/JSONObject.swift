/// The members of a JSON object in the order of the text, found by key in constant time.
package struct JSONObject: Sendable, Equatable {
    package struct Member: Sendable, Equatable {
        package let key: JSONString
        package let value: JSON
    }

    package let count: Int
    private let document: JSONDocument
    private let node: UInt32

    init(_ document: JSONDocument, _ node: UInt32, count: Int) {
        self.document = document
        self.node = node
        self.count = count
    }

    package var members: Members { Members(document: document, node: node + 1, count: count) }

    /// The members, each made when it is asked for.
    package struct Members: Sequence, IteratorProtocol, Sendable {
        fileprivate let document: JSONDocument
        fileprivate var node: UInt32
        /// How many are left.
        package fileprivate(set) var count: Int

        package mutating func next() -> Member? {
            if count == 0 { return nil }
            count -= 1
            defer { node = document.end(of: node + 1) }
            return Member(key: document.string(at: node), value: document.value(at: node + 1))
        }

        package var underestimatedCount: Int { count }
    }

    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.members.elementsEqual(right.members)
    }

    package subscript(key: JSONString) -> JSON? {
        guard let index = document.indexes[node] else { return members.first { $0.key == key }?.value }
        let found = key.withBytes { index.find($0, in: document.strings, document.nodes) }
        return found.map { document.value(at: $0 + 1) }
    }

    package subscript(key: String) -> JSON? { self[JSONString(key)] }

    /// Lends the texts of all strings of the whole JSON text, where each lies at its ``JSONString/range``.
    package func withAllStrings<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        document.strings.withBytes(body)
    }
}

/// Where the keys of an object are, by open addressing.
struct JSONKeyIndex: Sendable {
    /// The node of a key, 0 for none, and a part of the key's hash, so that other keys are seldom looked at.
    private struct Slot {
        var hash: UInt32 = 0
        var node: UInt32 = 0
    }

    private var slots: [Slot]

    /// Objects of no more members are searched one by one.
    static let threshold = 8
    /// Differs from process to process, so that no file can force collisions.
    private static let seed = UInt64.random(in: .min ... .max)

    /// At most half full, a power of two.
    init(count: Int) {
        slots = [Slot](repeating: Slot(), count: 4 << (Int.bitWidth - (count - 1).leadingZeroBitCount - 1))
    }

    /// Adds a key.
    ///
    /// - Returns: whether it was not there yet.
    mutating func insert(_ node: UInt32, of strings: JSONStrings, _ nodes: [JSONDocument.Node]) -> Bool {
        let key = strings.bytes(of: nodes[Int(node)])
        let hash = JSONString.hash(key, seed: Self.seed)
        let slot = slot(of: key, hash, strings, nodes)
        if slots[slot].node > 0 { return false }
        slots[slot] = Slot(hash: UInt32(truncatingIfNeeded: hash >> 32), node: node)
        return true
    }

    /// The node of the key with these bytes.
    func find(_ key: UnsafeRawBufferPointer, in strings: JSONStrings, _ nodes: [JSONDocument.Node]) -> UInt32? {
        let node = slots[slot(of: key, JSONString.hash(key, seed: Self.seed), strings, nodes)].node
        return node > 0 ? node : nil
    }

    /// The slot of this key, or the free one where it belongs.
    private func slot(
        of key: UnsafeRawBufferPointer, _ hash: UInt64, _ strings: JSONStrings, _ nodes: [JSONDocument.Node]
    ) -> Int {
        withExtendedLifetime(strings) {
            let upper = UInt32(truncatingIfNeeded: hash >> 32)
            var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
            while slots[slot].node > 0 {
                let node = nodes[Int(slots[slot].node)]
                if slots[slot].hash == upper, strings.bytes(of: node).holdsSameBytes(as: key) { break }
                slot = (slot + 1) & (slots.count - 1)
            }
            return slot
        }
    }
}
