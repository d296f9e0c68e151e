/// Lets a line be typed and changed, with the lines before it at hand.
struct LineEditor {
    enum Input {
        case line(String)
        /// Ctrl-C.
        case cancelled
        /// Ctrl-D on an empty line, or the terminal is gone.
        case end
    }

    private let mark: String
    private var history: [String] = []

    /// - Parameter mark: stands before the line.
    init(mark: String) {
        self.mark = mark
    }

    /// Reads a line from the terminal.
    mutating func read(_ terminal: borrowing TerminalMode) throws -> Input {
        terminal.readKeys()
        defer { terminal.keepKeys() }
        var lines = history + [""]
        var index = history.count
        var line = EditedLine()
        func show(_ other: Int) {
            guard lines.indices.contains(other) else { return }
            lines[index] = line.text
            index = other
            line = EditedLine(lines[other])
        }
        while true {
            try draw(line)
            switch Keyboard.read() {
            case .text(let text): line.insert(text)
            case .backspace: line.deleteBackward()
            case .delete: line.deleteForward()
            case .left: line.moveLeft()
            case .right: line.moveRight()
            case .wordLeft: line.moveWordLeft()
            case .wordRight: line.moveWordRight()
            case .home: line.moveToStart()
            case .end: line.moveToEnd()
            case .deleteToStart: line.deleteToStart()
            case .deleteToEnd: line.deleteToEnd()
            case .deleteWord: line.deleteWordBackward()
            case .up: show(index - 1)
            case .down: show(index + 1)
            case .clearScreen: try StandardOutput.write("\u{1B}[H\u{1B}[2J")
            case .other: break
            case .enter:
                line.moveToEnd()
                try draw(line)
                try StandardOutput.write("\n")
                if !line.text.isEmpty, line.text != history.last { history.append(line.text) }
                return .line(line.text)
            case .interrupt:
                try StandardOutput.write("\n")
                return .cancelled
            case .endOfInput where line.text.isEmpty:
                try StandardOutput.write("\n")
                return .end
            case .endOfInput: line.deleteForward()
            case .closed: return .end
            }
        }
    }

    private func draw(_ line: EditedLine) throws {
        let window = line.window(columns: max(Terminal.width - mark.terminalWidth, 2))
        let column = mark.terminalWidth + window.cursor
        try StandardOutput.write(
            "\r\(Terminal.faint(mark))\(window.text.harmless)\u{1B}[K\r" + (column > 0 ? "\u{1B}[\(column)C" : ""))
    }
}
