#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What was pressed.
enum Key: Equatable {
    case text(String)
    case enter, backspace, delete
    case left, right, wordLeft, wordRight, up, down, home, end
    case deleteToStart, deleteToEnd, deleteWord
    case clearScreen, interrupt, endOfInput
    /// The terminal is gone.
    case closed
    /// A key that means nothing here.
    case other
}

/// Reads keys from a terminal in raw mode.
enum Keyboard {
    /// Waits for a key.
    static func read() -> Key {
        guard let byte = readByte() else { return .closed }
        switch byte {
        case 0x01: return .home  // Ctrl-A
        case 0x02: return .left  // Ctrl-B
        case 0x03: return .interrupt  // Ctrl-C
        case 0x04: return .endOfInput  // Ctrl-D
        case 0x05: return .end  // Ctrl-E
        case 0x06: return .right  // Ctrl-F
        case 0x08, 0x7F: return .backspace
        case 0x09: return .text(" ")
        case 0x0A, 0x0D: return .enter
        case 0x0B: return .deleteToEnd  // Ctrl-K
        case 0x0C: return .clearScreen  // Ctrl-L
        case 0x0E: return .down  // Ctrl-N
        case 0x10: return .up  // Ctrl-P
        case 0x15: return .deleteToStart  // Ctrl-U
        case 0x17: return .deleteWord  // Ctrl-W
        case 0x1B: return readEscape()
        case ..<0x20: return .other
        default: return .text(readCharacter(from: byte))
        }
    }

    private static func readByte() -> UInt8? {
        var byte: UInt8 = 0
        while true {
            let count = systemRead(&byte)
            if count == 1 { return byte }
            if count == 0 || errno != EINTR { return nil }
        }
    }

    /// Reads the rest of a character in UTF-8.
    private static func readCharacter(from first: UInt8) -> String {
        var bytes = [first]
        let count =
            switch first {
            case 0xC2...0xDF: 2
            case 0xE0...0xEF: 3
            case 0xF0...0xF4: 4
            default: 1
            }
        while bytes.count < count, let byte = readByte() { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads what follows an escape character: nothing, a letter that was pressed with Alt, or the rest of a control
    /// sequence (ECMA-48; xterm's function keys).
    private static func readEscape() -> Key {
        guard isReady, let next = readByte() else { return .other }
        switch next {
        case UInt8(ascii: "b"): return .wordLeft
        case UInt8(ascii: "f"): return .wordRight
        case 0x7F: return .deleteWord
        case UInt8(ascii: "["), UInt8(ascii: "O"): return readSequence()
        default: return .other
        }
    }

    private static func readSequence() -> Key {
        var parameters: [UInt8] = []
        while let byte = readByte() {
            // The final byte of a sequence.
            guard (0x40...0x7E).contains(byte) else {
                parameters.append(byte)
                continue
            }
            let isModified = parameters.contains(UInt8(ascii: ";"))
            switch (UInt8(ascii: "~") == byte ? parameters.first : byte) ?? byte {
            case UInt8(ascii: "A"): return .up
            case UInt8(ascii: "B"): return .down
            case UInt8(ascii: "C"): return isModified ? .wordRight : .right
            case UInt8(ascii: "D"): return isModified ? .wordLeft : .left
            case UInt8(ascii: "H"), UInt8(ascii: "1"), UInt8(ascii: "7"): return .home
            case UInt8(ascii: "F"), UInt8(ascii: "4"), UInt8(ascii: "8"): return .end
            case UInt8(ascii: "3"): return .delete
            default: return .other
            }
        }
        return .closed
    }

    /// Whether a byte comes at once, as those of a sequence do after its escape character.
    private static var isReady: Bool {
        var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, 50) > 0
    }
}

/// The system's `read`, whose name a method of the same name hides.
private func systemRead(_ byte: inout UInt8) -> Int {
    read(STDIN_FILENO, &byte, 1)
}
