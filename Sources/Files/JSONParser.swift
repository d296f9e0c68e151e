/// A recursive descent parser over the bytes of one JSON text, which leaves a ``JSONDocument``. The nesting limit bounds its
/// use of the stack.
struct JSONParser {
    /// The caller keeps these bytes alive while it parses.
    private let text: UnsafeRawBufferPointer
    private let place: String
    private var nodes: [JSONDocument.Node] = []
    /// Large enough: a string never takes more bytes than its JSON text.
    private let strings: JSONStrings
    private var indexes: [UInt32: JSONKeyIndex] = [:]
    private var position = 0
    private var depth = 0

    init(_ text: UnsafeRawBufferPointer, in place: String) {
        self.text = text
        strings = JSONStrings(capacity: text.count)
        self.place = place
        nodes.reserveCapacity(min(text.count / 12, 1 << 20))  // a vocabulary's, about
    }

    mutating func parseDocument() throws(InputError) -> JSON {
        if text.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw failure("the text starts with a byte order mark, which JSON does not allow")
        }
        skipWhitespace()
        try parseValue()
        skipWhitespace()
        guard position == text.count else { throw failure("the JSON value ends here, but more text follows") }
        return JSONDocument(nodes: nodes, strings: strings, indexes: indexes).value(at: 0)
    }

    private mutating func parseValue() throws(InputError) {
        guard let byte = peek else { throw unexpected("a value") }
        switch byte {
        case UInt8(ascii: "{"): try nested { parser throws(InputError) in try parser.parseObject() }
        case UInt8(ascii: "["): try nested { parser throws(InputError) in try parser.parseArray() }
        case UInt8(ascii: "\""): try parseString()
        case UInt8(ascii: "t"): try parseWord("true", .bool(true))
        case UInt8(ascii: "f"): try parseWord("false", .bool(false))
        case UInt8(ascii: "n"): try parseWord("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): nodes.append(try parseNumber())
        default: throw unexpected("a value")
        }
    }

    private mutating func nested(_ parse: (inout JSONParser) throws(InputError) -> Void) throws(InputError) {
        guard depth < JSON.depthLimit else {
            throw failure("arrays and objects are nested more than \(JSON.depthLimit) deep")
        }
        depth += 1
        defer { depth -= 1 }
        try parse(&self)
    }

    private mutating func parseObject() throws(InputError) {
        let start = position
        let object = nodes.count
        nodes.append(.null)  // until its end is known
        var count = 0
        position += 1
        skipWhitespace()
        if !take("}") {
            repeat {
                skipWhitespace()
                guard peek == UInt8(ascii: "\"") else { throw unexpected("a key in quotation marks") }
                let key = nodes.count
                try parseString()
                skipWhitespace()
                guard take(":") else { throw unexpected("\":\" after the key \(quoted(key))") }
                skipWhitespace()
                try parseValue()
                count += 1
                skipWhitespace()
            } while take(",")
            guard take("}") else { throw unexpected("\",\" or \"}\"") }
        }
        nodes[object] = .object(count: UInt32(count), end: UInt32(nodes.count))
        if let key = findDuplicateKey(of: object, count: count) {
            throw failure("the key \(quoted(key)) occurs twice in one object", at: start, ", which starts at")
        }
    }

    /// Finds the first key that occurred before in its object, which is complete; indexes the keys if they are many.
    private mutating func findDuplicateKey(of object: Int, count: Int) -> Int? {
        if count > JSONKeyIndex.threshold { return indexKeys(of: object, count: count) }
        var key = object + 1
        for _ in 0..<count {
            var other = object + 1
            while other < key {
                if strings.bytes(of: nodes[other]).holdsSameBytes(as: strings.bytes(of: nodes[key])) { return key }
                other = end(of: other + 1)
            }
            key = end(of: key + 1)
        }
        return nil
    }

    private mutating func indexKeys(of object: Int, count: Int) -> Int? {
        var index = JSONKeyIndex(count: count)
        var key = object + 1
        for _ in 0..<count {
            if !index.insert(UInt32(key), of: strings, nodes) { return key }
            key = end(of: key + 1)
        }
        indexes[UInt32(object)] = index
        return nil
    }

    private func end(of node: Int) -> Int { Int(nodes[node].end(at: UInt32(node))) }

    private func quoted(_ string: Int) -> String {
        String(decoding: strings.bytes(of: nodes[string]), as: UTF8.self).quoted
    }

    private mutating func parseArray() throws(InputError) {
        let array = nodes.count
        nodes.append(.null)  // until its end is known
        var count = 0
        position += 1
        skipWhitespace()
        if !take("]") {
            repeat {
                skipWhitespace()
                try parseValue()
                count += 1
                skipWhitespace()
            } while take(",")
            guard take("]") else { throw unexpected("\",\" or \"]\"") }
        }
        nodes[array] = .array(count: UInt32(count), end: UInt32(nodes.count))
    }

    private mutating func parseWord(_ word: StaticString, _ value: JSONDocument.Node) throws(InputError) {
        let matches = word.withUTF8Buffer { text[position...].starts(with: $0) }
        guard matches else { throw unexpected("a value") }
        position += word.utf8CodeUnitCount
        nodes.append(value)
    }

    // MARK: Numbers

    private mutating func parseNumber() throws(InputError) -> JSONDocument.Node {
        let start = position
        let isNegative = take("-")
        var isInteger = true
        // Accumulated below zero, where Int reaches one further.
        var negated: Int? = 0
        let firstDigit = position
        while let digit = digit {
            negated = negated.flatMap { Self.appending(digit, to: $0) }
            position += 1
        }
        guard position > firstDigit else { throw unexpected("a digit") }
        if position - firstDigit > 1, text[firstDigit] == UInt8(ascii: "0") {
            throw failure("a number starts with 0", at: start)
        }
        if take(".") {
            isInteger = false
            try skipDigits()
        }
        if take("e") || take("E") {
            isInteger = false
            if !take("+") { _ = take("-") }
            try skipDigits()
        }
        if isInteger, let negated {
            if isNegative { return .integer(negated) }
            if negated != .min { return .integer(-negated) }
        }
        let literal = String(decoding: text[start..<position], as: UTF8.self)
        guard let value = Double(literal), value.isFinite else {
            throw failure("the number \(literal.quoted) is beyond a double's range", at: start)
        }
        return .number(value)
    }

    private static func appending(_ digit: Int, to negated: Int) -> Int? {
        let (product, overflow) = negated.multipliedReportingOverflow(by: 10)
        let (difference, borrow) = product.subtractingReportingOverflow(digit)
        return overflow || borrow ? nil : difference
    }

    private mutating func skipDigits() throws(InputError) {
        guard digit != nil else { throw unexpected("a digit") }
        while digit != nil { position += 1 }
    }

    private var digit: Int? {
        guard let byte = peek, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
        return Int(byte) - 0x30
    }

    // MARK: Strings

    private mutating func parseString() throws(InputError) {
        let quote = position
        let start = strings.count
        position += 1
        var runStart = position
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                store(runStart..<position)
                position += 1
                nodes.append(.string(start: UInt32(start), count: UInt32(strings.count - start)))
                return
            case UInt8(ascii: "\\"):
                store(runStart..<position)
                try parseEscape()
                runStart = position
            case 0..<0x20:
                throw failure("a string holds the control character \(byte), which must be escaped")
            case 0x80...:
                try skipMultibyteScalar()
            default:
                position += 1
            }
        }
        throw failure("a string is not closed", at: quote)
    }

    private mutating func parseEscape() throws(InputError) {
        let start = position
        position += 1
        guard let byte = peek else { throw unexpected("the rest of an escape sequence") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): store(UInt32(byte))
        case UInt8(ascii: "b"): store(0x08)
        case UInt8(ascii: "f"): store(0x0C)
        case UInt8(ascii: "n"): store(0x0A)
        case UInt8(ascii: "r"): store(0x0D)
        case UInt8(ascii: "t"): store(0x09)
        case UInt8(ascii: "u"):
            var value = try parseHexadecimal()
            if value & 0xFC00 == 0xD800, text[position...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) {
                position += 2
                let low = try parseHexadecimal()
                if low & 0xFC00 == 0xDC00 { value = 0x10000 + (value & 0x3FF) << 10 + low & 0x3FF }
            }
            guard !(0xD800..<0xE000).contains(value) else {
                throw failure("a string holds half of a surrogate pair", at: start)
            }
            store(value)
        default: throw failure("a string holds an unknown escape sequence", at: start)
        }
    }

    private mutating func parseHexadecimal() throws(InputError) -> UInt32 {
        let digits = text[position...].prefix(4)
        var value: UInt32 = 0
        for byte in digits {
            guard let digit = Self.hexadecimalDigit(byte) else { break }
            value = value << 4 | digit
            position += 1
        }
        guard digits.count == 4, position == digits.endIndex else { throw unexpected("four hexadecimal digits") }
        return value
    }

    private static func hexadecimalDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        default: nil
        }
    }

    private func store(_ run: Range<Int>) {
        if !run.isEmpty { strings.append(UnsafeRawBufferPointer(rebasing: text[run])) }
    }

    private func store(_ scalar: UInt32) {
        func append(_ byte: UInt32) { strings.append(UInt8(truncatingIfNeeded: byte)) }
        switch scalar {
        case 0..<0x80:
            append(scalar)
        case 0x80..<0x800:
            append(0xC0 | scalar >> 6)
            append(0x80 | scalar & 0x3F)
        case 0x800..<0x10000:
            append(0xE0 | scalar >> 12)
            append(0x80 | scalar >> 6 & 0x3F)
            append(0x80 | scalar & 0x3F)
        default:
            append(0xF0 | scalar >> 18)
            append(0x80 | scalar >> 12 & 0x3F)
            append(0x80 | scalar >> 6 & 0x3F)
            append(0x80 | scalar & 0x3F)
        }
    }

    private mutating func skipMultibyteScalar() throws(InputError) {
        let length = text.withMemoryRebound(to: UInt8.self) { UTF8Sequence.length(in: $0, at: position) }
        guard length > 0 else { throw failure("a string is not valid UTF-8") }
        position += length
    }

    // MARK: Bytes

    private var peek: UInt8? { position < text.count ? text[position] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipWhitespace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private func unexpected(_ expectation: String) -> InputError {
        guard let byte = peek else { return failure("the JSON text ends where \(expectation) was expected") }
        let found = byte < 0x80 ? String(Unicode.Scalar(byte)).quoted : "byte \(byte)"
        return failure("found \(found) where \(expectation) was expected")
    }

    private func failure(_ problem: String, at offset: Int? = nil, _ preposition: String = ", at") -> InputError {
        let offset = offset ?? position
        let line = 1 + text[..<offset].count { $0 == 0x0A }
        return InputError(
            .data, "\(problem)\(preposition) byte \(offset) (line \(line))", in: place,
            advice: "Correct the file or download it again")
    }
}
