/// The members of a JSON object in the order of the text, found by key in constant time.
package struct JSONObject: Sendable, Equatable {
    package struct Member: Sendable, Equatable {
        package let key: JSONString
        package let value: JSON
    }

    package let members: [Member]
    /// Open addressing: the index of a member or -1. Empty for small objects, which are searched one by one.
    private let table: [Int32]

    private static let tableThreshold = 8

    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.members == right.members
    }

    /// Indexes the members, or names the first key that occurs twice.
    package static func index(_ members: [Member]) -> Result<JSONObject, DuplicateKey> {
        guard members.count > tableThreshold else {
            for (index, member) in members.enumerated() {
                if members[..<index].contains(where: { $0.key == member.key }) {
                    return .failure(DuplicateKey(key: member.key))
                }
            }
            return .success(JSONObject(members: members, table: []))
        }
        // At most half full, a power of two. Hasher is seeded per process, so that no file can force collisions.
        var table = [Int32](repeating: -1, count: 4 << (Int.bitWidth - (members.count - 1).leadingZeroBitCount - 1))
        for (index, member) in members.enumerated() {
            var slot = member.key.hashValue & (table.count - 1)
            while table[slot] >= 0 {
                if members[Int(table[slot])].key == member.key { return .failure(DuplicateKey(key: member.key)) }
                slot = (slot + 1) & (table.count - 1)
            }
            table[slot] = Int32(index)
        }
        return .success(JSONObject(members: members, table: table))
    }

    package struct DuplicateKey: Error {
        package let key: JSONString
    }

    private init(members: [Member], table: [Int32]) {
        self.members = members
        self.table = table
    }

    package subscript(key: JSONString) -> JSON? {
        guard !table.isEmpty else { return members.first { $0.key == key }?.value }
        var slot = key.hashValue & (table.count - 1)
        while table[slot] >= 0 {
            let member = members[Int(table[slot])]
            if member.key == key { return member.value }
            slot = (slot + 1) & (table.count - 1)
        }
        return nil
    }

    package subscript(key: String) -> JSON? { self[JSONString(key)] }
}
