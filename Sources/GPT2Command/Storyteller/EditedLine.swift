/// A line that is being typed.
struct EditedLine {
    /// What is before and what is after the cursor. Two texts, because a combining character that is typed joins the
    /// character before the cursor by itself.
    private(set) var before = ""
    private(set) var after = ""

    var text: String { before + after }

    init(_ text: String = "") {
        before = text
    }

    mutating func insert(_ text: String) {
        before += text
    }

    mutating func deleteBackward() {
        _ = before.popLast()
    }

    mutating func deleteForward() {
        if !after.isEmpty { after.removeFirst() }
    }

    mutating func moveLeft() {
        if let character = before.popLast() { after.insert(character, at: after.startIndex) }
    }

    mutating func moveRight() {
        if !after.isEmpty { before.append(after.removeFirst()) }
    }

    mutating func moveToStart() {
        after = text
        before = ""
    }

    mutating func moveToEnd() {
        before = text
        after = ""
    }

    mutating func moveWordLeft() {
        while before.last?.isWhitespace == true { moveLeft() }
        while before.last?.isWhitespace == false { moveLeft() }
    }

    mutating func moveWordRight() {
        while after.first?.isWhitespace == true { moveRight() }
        while after.first?.isWhitespace == false { moveRight() }
    }

    mutating func deleteToStart() {
        before = ""
    }

    mutating func deleteToEnd() {
        after = ""
    }

    mutating func deleteWordBackward() {
        while before.last?.isWhitespace == true { deleteBackward() }
        while before.last?.isWhitespace == false { deleteBackward() }
    }

    /// The part of the line around the cursor that fits so many columns, and the cursor's column in it.
    func window(columns: Int) -> (text: String, cursor: Int) {
        var shown = ""
        var width = 0
        for character in before.reversed() {
            guard width + character.terminalWidth < columns else { break }
            width += character.terminalWidth
            shown.insert(character, at: shown.startIndex)
        }
        let cursor = width
        for character in after {
            guard width + character.terminalWidth < columns else { break }
            width += character.terminalWidth
            shown.append(character)
        }
        return (shown, cursor)
    }
}
