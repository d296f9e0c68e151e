/// The members of a JSON object in the order of the text, found by key in constant time.
package struct JSONObject: Sendable, Equatable {
    package struct Member: Sendable, Equatable {
        package let key: JSONString
        package let value: JSON
    }

    package let members: [Member]
    /// Open addressing. Empty for small objects, which are searched one by one.
    private let table: [Slot]

    /// The index of a member and a part of its key's hash, so that other keys are seldom looked at.
    private struct Slot: Equatable {
        var hash: UInt32 = 0
        var member: Int32 = -1
    }

    private static let tableThreshold = 8
    /// Differs from process to process, so that no file can force collisions.
    private static let seed = UInt64.random(in: .min ... .max)

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
        // At most half full, a power of two.
        var table = [Slot](repeating: Slot(), count: 4 << (Int.bitWidth - (members.count - 1).leadingZeroBitCount - 1))
        let seed = seed
        for (index, member) in members.enumerated() {
            let hash = member.key.hash(seed: seed)
            let slot = slot(of: member.key, hash, in: table, members)
            if table[slot].member >= 0 { return .failure(DuplicateKey(key: member.key)) }
            table[slot] = Slot(hash: UInt32(truncatingIfNeeded: hash >> 32), member: Int32(index))
        }
        return .success(JSONObject(members: members, table: table))
    }

    package struct DuplicateKey: Error {
        package let key: JSONString
    }

    private init(members: [Member], table: [Slot]) {
        self.members = members
        self.table = table
    }

    package subscript(key: JSONString) -> JSON? {
        guard !table.isEmpty else { return members.first { $0.key == key }?.value }
        let slot = Self.slot(of: key, key.hash(seed: Self.seed), in: table, members)
        let member = Int(table[slot].member)
        return member >= 0 ? members[member].value : nil
    }

    /// The slot of the member with this key, or the free one where it belongs.
    private static func slot(of key: JSONString, _ hash: UInt64, in table: [Slot], _ members: [Member]) -> Int {
        var slot = Int(truncatingIfNeeded: hash) & (table.count - 1)
        let upper = UInt32(truncatingIfNeeded: hash >> 32)
        while table[slot].member >= 0 {
            if table[slot].hash == upper, members[Int(table[slot].member)].key == key { break }
            slot = (slot + 1) & (table.count - 1)
        }
        return slot
    }

    package subscript(key: String) -> JSON? { self[JSONString(key)] }
}
