internal import Files

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

extension TrainingPlan {
    /// The content of a run.json.
    var json: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // A plan is numbers and texts; `validate` refuses numbers that JSON does not have.
        return (try? encoder.encode(self)).map { [UInt8]($0) + [UInt8(ascii: "\n")] } ?? []
    }

    /// The options in which this plan differs from another, each with both values; those that may differ left out.
    ///
    /// - Parameter step: how many steps have been taken. How the learning rate falls may differ if it was the same so far.
    public func differences(
        from other: TrainingPlan, after step: Int
    ) -> [(option: String, was: String, isNow: String, advice: String)] {
        let (old, new) = (other.values, values)
        let (before, now) = (other.settings.schedule, settings.schedule)
        let hasSameRates = steps >= step && (0..<step).allSatisfy { before.rate(at: $0) == now.rate(at: $0) }
        let changeable = hasSameRates ? Self.changeable.union(Self.decay) : Self.changeable
        return CodingKeys.allCases.filter { !changeable.contains($0) }.compactMap { key in
            let (was, isNow) = (old[key.rawValue] ?? "not given", new[key.rawValue] ?? "not given")
            if was == isNow { return nil }
            let isDecay = Self.decay.contains(key) && steps >= step
            let advice =
                isDecay ? "Let the learning rate begin to fall only after step \(step)" : "Leave it out to go on"
            return (key.rawValue, was, isNow, advice + ", or start a new run in another folder")
        }
    }

    /// All options that have a value, by name, as a user would write them.
    public var values: [String: String] {
        func text(_ json: JSON) -> String {
            switch json {
            case .null: "not given"
            case .bool(let value): "\(value)"
            case .integer(let value): "\(value)"
            case .number(let value): "\(value)"
            case .string(let value): value.description
            case .array(let values): values.isEmpty ? "not given" : values.map(text).joined(separator: " ")
            case .object: "an object"
            }
        }
        guard case .object(let object) = try? JSON.parse(json, in: "run.json") else { return [:] }
        var values = Dictionary(uniqueKeysWithValues: object.members.map { ($0.key.description, text($0.value)) })
        // Above what JSON's integers hold, two seeds could look alike.
        values[CodingKeys.seed.rawValue] = "\(seed)"
        return values
    }
}
