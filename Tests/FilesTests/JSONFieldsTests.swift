import Files
import TestSupport
import Testing

@Suite struct JSONFieldsTests {
    private func fields(_ text: String) throws(InputError) -> JSONFields {
        try JSONFields(JSON.parse([UInt8](text.utf8), in: "c.json"), in: "c.json")
    }

    private let everything = #"{"i":3,"n":0.5,"b":true,"s":"x","a":[1,2],"o":{"i":4},"z":null}"#

    @Test func readsByType() throws {
        let fields = try fields(everything)
        #expect(try fields.integer("i") == 3)
        #expect(try fields.number("n") == 0.5)
        #expect(try fields.number("i") == 3)
        #expect(try fields.bool("b"))
        #expect(try fields.string("s") == "x")
        #expect(try Array(fields.array("a")) == [.integer(1), .integer(2)])
        #expect(try fields.integers("a") == [1, 2])
        #expect(try fields.fields("o").integer("i") == 4)
    }

    @Test(arguments: ["z", "absent"])
    func takesNullForAbsent(key: String) throws {
        let fields = try fields(everything)
        #expect(try fields.optionalInteger(key) == nil)
        #expect(try fields.optionalNumber(key) == nil)
        #expect(try fields.optionalBool(key) == nil)
        #expect(try fields.optionalString(key) == nil)
        #expect(try fields.optionalArray(key) == nil)
        #expect(try fields.optionalFields(key) == nil)
    }

    @Test func namesFileKeyExpectedAndFound() throws {
        let fields = try fields(everything)
        let errors: [(InputError?, String)] = [
            (
                caughtError { () throws(InputError) in try fields.integer("s") },
                "\"s\" must be an integer, but is the text \"x\""
            ),
            (
                caughtError { () throws(InputError) in try fields.integer("n") },
                "\"n\" must be an integer, but is the number 0.5"
            ),
            (caughtError { () throws(InputError) in try fields.number("b") }, "\"b\" must be a number, but is true"),
            (
                caughtError { () throws(InputError) in try fields.bool("i") },
                "\"i\" must be true or false, but is the number 3"
            ),
            (
                caughtError { () throws(InputError) in try fields.string("a") },
                "\"a\" must be a text, but is an array of length 2"
            ),
            (
                caughtError { () throws(InputError) in try fields.array("o") },
                "\"o\" must be an array, but is an object"
            ),
            (
                caughtError { () throws(InputError) in try fields.fields("i") },
                "\"i\" must be an object, but is the number 3"
            ),
            (caughtError { () throws(InputError) in try fields.integer("z") }, "\"z\" must be an integer, but is null"),
            (
                caughtError { () throws(InputError) in try fields.integer("q") },
                "\"q\" must be an integer, but is absent"
            ),
            (
                caughtError { () throws(InputError) in try fields.fields("o").bool("i") },
                "\"o.i\" must be true or false, but is the number 4"
            ),
        ]
        for (error, problem) in errors {
            #expect(error?.description == "c.json: \(problem). Correct the file or download it again.")
        }
    }

    @Test func refusesWhatIsNoObject() {
        let error = caughtError { () throws(InputError) in try fields("[1]") }
        #expect(error?.problem == "the file must hold a JSON object, but holds an array of length 1")
    }

    @Test func refusesArraysOfOtherThings() throws {
        let error = caughtError { () throws(InputError) in try fields(#"{"a":[1,"x"]}"#).integers("a") }
        #expect(error?.problem == "\"a\" must be an array of integers, but holds the text \"x\"")
    }

    @Test func makesHostileTextHarmless() {
        #expect("a\"b\\".quoted == #""a\"b\\""#)
        #expect("\u{1B}[31m\u{202E}\u{7F}".quoted == #""\u001b[31m\u202e\u007f""#)
        #expect(String(repeating: "x", count: 80).quoted.count == 82)
        #expect(String(repeating: "x", count: 1000).quoted == "\"" + String(repeating: "x", count: 80) + "…\"")
    }
}
