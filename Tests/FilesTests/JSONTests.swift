import Files
import Foundation
import TestSupport
import Testing

@Suite struct JSONTests {
    private func parse(_ text: String) throws -> JSON {
        try JSON.parse([UInt8](text.utf8), in: "test.json")
    }

    private func elements(_ text: String) throws -> [JSON]? {
        if case .array(let values) = try parse(text) { Array(values) } else { nil }
    }

    private func strings(_ text: String) throws -> [[UInt8]] {
        try (elements(text) ?? []).compactMap { if case .string(let string) = $0 { string.bytes } else { nil } }
    }

    @Test func readsEveryKindOfValue() throws {
        #expect(try parse("null") == .null)
        #expect(try parse(" true ") == .bool(true))
        #expect(try elements("\t[false]\r\n") == [.bool(false)])
        #expect(try elements("[]") == [])
        #expect(try elements("[ ]") == [])
        #expect(try parse("\"a\"") == .string(JSONString("a")))
        guard case .object(let object) = try parse("{ \"b\" : 1 , \"a\" : { } }") else {
            Issue.record("not an object")
            return
        }
        #expect(object.members.map(\.key.description) == ["b", "a"])
        #expect(object["b"] == .integer(1))
        #expect(object["c"] == nil)
    }

    /// Up to eight members are searched one by one, more by an index; what a value holds is none of the object's members.
    @Test(arguments: [0, 1, 2, 7, 8, 9, 10, 40])
    func findsMembersBesideNestedOnes(count: Int) throws {
        let nested = #"{"k0":[1,{"k1":[]}],"inner":{"x":{},"y":[{}]}}"#
        let members = (0..<count).map { "\"k\($0)\":\($0 % 2 == 0 ? nested : "[\(nested),\($0)]")" }
        guard case .object(let object) = try parse("{\(members.joined(separator: ","))}") else {
            Issue.record("not an object")
            return
        }
        #expect(object.count == count && object.members.map(\.key.description) == (0..<count).map { "k\($0)" })
        let nestedValue = try parse(nested)
        for index in 0..<count {
            guard index % 2 == 1 else {
                #expect(object["k\(index)"] == nestedValue)
                continue
            }
            #expect(try object["k\(index)"] == parse("[\(nested),\(index)]"))
        }
        #expect(object["inner"] == nil && object["k\(count)"] == nil)
        for index in 0..<count {
            let text = "{\(members.joined(separator: ",")),\"k\(index)\":0}"
            #expect(throws: InputError.self) { try parse(text) }
        }
    }

    @Test func comparesValuesByAllTheyHold() throws {
        let texts = [
            "[]", "{}", "[1]", "[2]", "[1,2]", "[[1],2]", "[1,[2]]", #"{"a":1}"#, #"{"b":1}"#, #"{"a":2}"#,
            #"{"a":1,"b":2}"#, #"{"b":2,"a":1}"#, #"["a"]"#, #"["b"]"#,
        ]
        for (i, left) in texts.enumerated() {
            for (j, right) in texts.enumerated() { #expect(try (parse(left) == parse(right)) == (i == j)) }
        }
    }

    @Test(arguments: [
        ("0", 0), ("-0", 0), ("-1", -1), ("9007199254740993", 9_007_199_254_740_993),
        ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min),
    ])
    func keepsIntegersExact(text: String, value: Int) throws {
        #expect(try parse(text) == .integer(value))
    }

    @Test(arguments: [
        ("1.0", 1.0), ("-0.0", -0.0), ("1e3", 1000), ("1E+2", 100), ("25e-1", 2.5), ("0.1", 0.1),
        ("5e-324", Double.leastNonzeroMagnitude),
        ("1e-400", 0), ("9223372036854775808", 9_223_372_036_854_775_808),
        ("-9223372036854775809", -9.223372036854775809e18),
        ("1.7976931348623157e308", Double.greatestFiniteMagnitude),
    ])
    func roundsOtherNumbersCorrectly(text: String, value: Double) throws {
        #expect(try parse(text) == .number(value))
    }

    @Test func decodesStrings() throws {
        let text = #"["", "a\"b\\\/", "\b\f\n\r\t", "\u0041\u00e9\u20AC\ud83d\ude00", "é€😀", "x\u0000y"]"#
        let expected: [String] = ["", "a\"b\\/", "\u{8}\u{C}\n\r\t", "Aé€😀", "é€😀", "x\0y"]
        #expect(try strings(text) == expected.map { [UInt8]($0.utf8) })
    }

    /// Swift's String takes both spellings of é for equal; a vocabulary does not.
    @Test func comparesKeysAsBytes() throws {
        guard case .object(let small) = try parse(#"{"\u00e9": 1, "e\u0301": 2}"#) else { return }
        #expect(small.members.count == 2)
        #expect(small["\u{E9}"] == .integer(1))
        #expect(small["e\u{301}"] == .integer(2))

        let many = (0..<100).map { "\"k\($0)\": \($0)" }.joined(separator: ",")
        guard case .object(let large) = try parse("{\(many), \"\u{E9}\": 1, \"e\u{301}\": 2}") else { return }
        #expect(large.members.count == 102)
        #expect(large["\u{E9}"] == .integer(1))
        #expect(large["e\u{301}"] == .integer(2))
        for index in 0..<100 { #expect(large["k\(index)"] == .integer(index)) }
        #expect(large["k100"] == nil)
    }

    @Test func allowsTheNestingLimitAndNoMore() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try parse(nested(JSON.depthLimit))
        for depth in [JSON.depthLimit + 1, 1_000_000] {
            let error = try #require(
                caughtError { () throws(InputError) in
                    try JSON.parse([UInt8](nested(depth).utf8), in: "deep.json")
                })
            #expect(error.kind == .data)
            #expect(
                error.description.hasPrefix("deep.json: arrays and objects are nested more than 128 deep, at byte 128"))
        }
        let open = caughtError { () throws(InputError) in
            try JSON.parse([UInt8](String(repeating: "{\"a\":", count: 100_000).utf8), in: "deep.json")
        }
        #expect(open?.problem.contains("nested more than 128 deep") == true)
    }

    @Test(arguments: [
        ("", "the JSON text ends where a value was expected, at byte 0 (line 1)"),
        ("  ", "ends where a value was expected, at byte 2"),
        ("\u{FEFF}{}", "starts with a byte order mark"),
        ("{} x", "more text follows, at byte 3"),
        ("nul", "found \"n\" where a value was expected"), ("tru", "found \"t\" where a value"),
        ("falsE", "found \"f\" where a value"), ("NaN", "found \"N\" where a value"),
        ("'a'", "found \"'\" where a value"),
        ("[1,]", "found \"]\" where a value was expected, at byte 3"), ("[1 2]", "found \"2\" where \",\" or \"]\""),
        ("[1", "ends where \",\" or \"]\" was expected"), ("é", "found byte 195 where a value was expected"),
        ("{\"a\" 1}", "found \"1\" where \":\" after the key \"a\" was expected"),
        ("{\"a\":1,\n\"b\":", "ends where a value was expected, at byte 12 (line 2)"),
        ("{\"a\":1 \"b\":2}", "found \"\\\"\" where \",\" or \"}\" was expected"),
        ("{1:2}", "found \"1\" where a key in quotation marks was expected"),
        ("{\"a\":1,}", "found \"}\" where a key in quotation marks was expected"),
        ("{\"a\":1,\"b\":2,\"a\":3}", "the key \"a\" occurs twice in one object, which starts at byte 0 (line 1)"),
        ("[{\"\":1,\"\":2}]", "the key \"\" occurs twice in one object, which starts at byte 1"),
        ("{\"a\":1,\"\\u0061\":3}", "the key \"a\" occurs twice"),
        ("-", "ends where a digit was expected"), ("01", "a number starts with 0, at byte 0"), ("-01", "starts with 0"),
        ("1.", "ends where a digit"), (".5", "found \".\" where a value"), ("+1", "found \"+\" where a value"),
        ("1e", "ends where a digit"), ("1e+x", "found \"x\" where a digit"),
        ("[1e400]", "the number \"1e400\" is beyond a double's range, at byte 1"),
        ("\"a", "a string is not closed, at byte 0"), ("\"a\\", "ends where the rest of an escape sequence"),
        ("\"\n\"", "the control character 10"), ("\"\\x\"", "an unknown escape sequence, at byte 1"),
        ("\"\\u12\"", "four hexadecimal digits"), ("\"\\u12g4\"", "found \"g\" where four hexadecimal digits"),
        ("\"\\u12", "ends where four hexadecimal digits"), ("\"\\ud800\"", "half of a surrogate pair, at byte 1"),
        ("\"\\ud800\\u0041\"", "half of a surrogate pair"), ("\"\\udc00\"", "half of a surrogate pair"),
        ("\"\\ud800\\ud\"", "four hexadecimal digits"), ("\"\\ud800\\n\"", "half of a surrogate pair"),
    ])
    func refuses(text: String, reason: String) throws {
        let error = try #require(
            caughtError { () throws(InputError) in try JSON.parse([UInt8](text.utf8), in: "bad.json") })
        #expect(error.kind == .data)
        #expect(error.place == "bad.json")
        #expect(error.problem.contains(reason), "\(error.problem)")
        #expect(!error.advice.isEmpty)
    }

    @Test func namesADuplicateAmongManyKeys() throws {
        let many = (0..<50_000).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
        let error = caughtError { () throws(InputError) in
            try JSON.parse([UInt8]("{\(many),\"k31337\":0}".utf8), in: "vocab.json")
        }
        #expect(error?.description.contains("the key \"k31337\" occurs twice") == true)
    }

    /// Table 3-7 of the Unicode standard: one example inside and the nearest outside of every row.
    @Test func acceptsExactlyWellFormedUTF8() throws {
        let valid: [[UInt8]] = [
            [0xC2, 0x80], [0xDF, 0xBF], [0xE0, 0xA0, 0x80], [0xE1, 0x80, 0x80], [0xED, 0x9F, 0xBF], [0xEF, 0xBF, 0xBF],
            [0xF0, 0x90, 0x80, 0x80], [0xF3, 0xBF, 0xBF, 0xBF], [0xF4, 0x8F, 0xBF, 0xBF],
        ]
        let invalid: [[UInt8]] = [
            [0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x7F], [0xC2, 0xC0], [0xE0, 0x9F, 0x80], [0xE1, 0x80],
            [0xE1, 0x80, 0x7F],
            [0xED, 0xA0, 0x80], [0xF0, 0x8F, 0x80, 0x80], [0xF0, 0x90, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80],
            [0xFF],
        ]
        for bytes in valid {
            #expect(
                try JSON.parse([0x22] + bytes + [0x22], in: "u")
                    == .string(JSONString(String(decoding: bytes, as: UTF8.self))))
        }
        for bytes in invalid {
            for end in [[0x22], []] as [[UInt8]] {
                let error = caughtError { () throws(InputError) in try JSON.parse([0x22] + bytes + end, in: "u") }
                #expect(error?.problem.contains("a string is not valid UTF-8, at byte 1") == true, "\(bytes)")
            }
        }
    }

    /// Foundation is right about texts that have neither duplicate nor canonically equivalent keys.
    @Test func agreesWithFoundationOnConfigurations() throws {
        let text = #"{"a":[1,2.5,-3e2,true,false,null,"x\n\u00e9"],"b":{"c":{},"d":[[]]},"e":1e-5}"#
        let ours = try parse(text)
        let theirs = try JSONSerialization.jsonObject(with: Data(text.utf8))
        #expect(NSDictionary(dictionary: ["v": foundation(ours)]) == NSDictionary(dictionary: ["v": theirs]))
    }

    private func foundation(_ json: JSON) -> Any {
        switch json {
        case .null: NSNull()
        case .bool(let value): value
        case .integer(let value): value
        case .number(let value): value
        case .string(let value): value.description
        case .array(let values): values.map(foundation)
        case .object(let object):
            Dictionary(uniqueKeysWithValues: object.members.map { ($0.key.description, foundation($0.value)) })
        }
    }

    @Test func refusesMoreThanFourGigabytes() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("huge.json", [])
        #expect(truncate(path, off_t(UInt32.max) + 1) == 0)
        let error = caughtError { () throws(InputError) in try JSON.read(path) }
        #expect(error?.problem == "the JSON text has 4294967296 bytes, more than 4 GiB")
    }

    @Test func summarisesValues() throws {
        let values = try parse(#"[null,true,1,0.5,"a",[1,2],{}]"#)
        guard case .array(let values) = values else { return }
        #expect(
            values.map(\.summary) == [
                "null", "true", "the number 1", "the number 0.5", "the text \"a\"", "an array of length 2", "an object",
            ])
    }
}
