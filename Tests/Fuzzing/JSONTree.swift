/// A JSON text taken apart for mutation, so that mutants stay well-formed and reach what stands behind the parser.
public struct JSONTree: Sendable {
    private indirect enum Node: Sendable {
        /// The text of a string, a number or a word, as it is written.
        case scalar([UInt8])
        case array([Node])
        case object([(key: [UInt8], value: Node)])
    }

    private var root: Node

    /// - Parameter text: well-formed JSON; this is not the parser under test.
    public init(_ text: [UInt8]) {
        var rest = text.filter { ![0x0A, 0x0D].contains($0) }[...]
        root = Self.parse(&rest)
    }

    private static func parse(_ rest: inout ArraySlice<UInt8>) -> Node {
        skipSpaces(&rest)
        if rest.first == UInt8(ascii: "{") {
            var members: [(key: [UInt8], value: Node)] = []
            rest.removeFirst()
            skipSpaces(&rest)
            while let byte = rest.first, byte != UInt8(ascii: "}") {
                let key = scalar(&rest)
                skipSpaces(&rest)
                rest = rest.dropFirst()
                members.append((key, parse(&rest)))
                skipSpaces(&rest)
            }
            rest = rest.dropFirst()
            return .object(members)
        }
        if rest.first == UInt8(ascii: "[") {
            var values: [Node] = []
            rest.removeFirst()
            skipSpaces(&rest)
            while let byte = rest.first, byte != UInt8(ascii: "]") {
                values.append(parse(&rest))
                skipSpaces(&rest)
            }
            rest = rest.dropFirst()
            return .array(values)
        }
        return .scalar(scalar(&rest))
    }

    private static func scalar(_ rest: inout ArraySlice<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        let isString = rest.first == UInt8(ascii: "\"")
        while let byte = rest.popFirst() {
            text.append(byte)
            if isString {
                if byte == UInt8(ascii: "\\"), let escaped = rest.popFirst() { text.append(escaped) }
                if byte == UInt8(ascii: "\""), text.count > 1 { break }
            } else if rest.first.map({ Array(",]} :".utf8).contains($0) }) ?? true {
                break
            }
        }
        return text
    }

    private static func skipSpaces(_ rest: inout ArraySlice<UInt8>) {
        rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: ",") }
    }
}

// MARK: Mutation

extension JSONTree {
    /// The text of a copy that is changed in one to three places and, but for a repeated key, still well-formed JSON.
    public func mutant(_ generator: inout FuzzGenerator) -> [UInt8] {
        var copy = self
        for _ in 0...generator.below(3) { Self.mutate(&copy.root, &generator) }
        return copy.text
    }

    public var text: [UInt8] {
        var text: [UInt8] = []
        Self.write(root, into: &text)
        return text
    }

    /// Goes down to a random place and changes what is there.
    private static func mutate(_ node: inout Node, _ generator: inout FuzzGenerator) {
        switch node {
        case .object(var members) where !members.isEmpty && generator.chance(90):
            let index = generator.below(members.count)
            switch generator.below(12) {
            case 0: members.remove(at: index)
            case 1: members.append(members[index])
            case 2: members[index].key = hostileString(&generator)
            case 3: members.append((hostileString(&generator), hostileValue(&generator)))
            case 4:
                let other = generator.below(members.count)
                (members[index].value, members[other].value) = (members[other].value, members[index].value)
            default: mutate(&members[index].value, &generator)
            }
            node = .object(members)
        case .array(var values) where !values.isEmpty && generator.chance(85):
            let index = generator.below(values.count)
            switch generator.below(8) {
            case 0: values.remove(at: index)
            case 1: values.insert(values[index], at: index)
            case 2: values.swapAt(index, generator.below(values.count))
            case 3: values.append(hostileValue(&generator))
            default: mutate(&values[index], &generator)
            }
            node = .array(values)
        case .scalar(let text) where generator.chance(40):
            node = .scalar(nudged(text, &generator))
        default:
            node = hostileValue(&generator)
        }
    }

    /// A number near the one that was there; anything else loses or repeats a character inside its quotation marks.
    private static func nudged(_ text: [UInt8], _ generator: inout FuzzGenerator) -> [UInt8] {
        if let number = Int(String(decoding: text, as: UTF8.self)) {
            let (sum, overflow) = number.addingReportingOverflow(generator.pick([-8, -4, -1, 1, 4, 8, number]))
            return Array("\(overflow ? number : sum)".utf8)
        }
        guard text.count > 2, text.first == UInt8(ascii: "\""), !text.contains(UInt8(ascii: "\\")) else { return text }
        var text = text
        let position = 1 + generator.below(text.count - 2)
        guard text[position] < 0x80 else { return text }
        if generator.chance(50) { text.remove(at: position) } else { text.insert(text[position], at: position) }
        return text
    }

    private static func hostileValue(_ generator: inout FuzzGenerator) -> Node {
        if generator.chance(4) {
            let depth = generator.pick([3, 126, 127, 128, 200])
            return (0..<depth).reduce(.scalar(Array("0".utf8))) { node, _ in .array([node]) }
        }
        if generator.chance(10) { return .scalar(hostileString(&generator)) }
        return .scalar(Array(generator.pick(hostileScalars).utf8))
    }

    private static let hostileScalars = [
        "null", "true", "false", "0", "1", "-1", "-0", "2", "3", "7", "8", "1.0", "0.5", "-1e-5", "1e308", "1e-400",
        "1e400",
        "4294967296", "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
        "18446744073709551615", "123456789012345678901234567890", "{}", "[]", "[0]", "[0,0]", "[1,1]", "[[]]", "[-1]",
        "{\"a\":1}", "[4294967296,4294967296,4294967296]", "[0,9223372036854775807]", "\"\"",
    ]

    private static func hostileString(_ generator: inout FuzzGenerator) -> [UInt8] {
        Array(generator.pick(hostileStrings).utf8)
    }

    private static let hostileStrings = [
        "\"\"", "\"a\"", "\"\\u0000\"", "\"\\ud83d\\ude00\"", "\"\\u00e9\"", "\"e\\u0301\"", "\"é\"", "\"\\n\"",
        "\"..\"",
        "\"../a\"", "\"/etc/passwd\"", "\"F32\"", "\"F16\"", "\"I64\"", "\"gelu\"", "\"wte.weight\"",
        "\"__metadata__\"",
        "\"h.0.attn.bias\"", "\"\\u202e\"", "\"" + String(repeating: "x", count: 300) + "\"",
    ]

    private static func write(_ node: Node, into text: inout [UInt8]) {
        switch node {
        case .scalar(let scalar): text += scalar
        case .array(let values):
            text.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                write(value, into: &text)
            }
            text.append(UInt8(ascii: "]"))
        case .object(let members):
            text.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                text += member.key
                text.append(UInt8(ascii: ":"))
                write(member.value, into: &text)
            }
            text.append(UInt8(ascii: "}"))
        }
    }
}
