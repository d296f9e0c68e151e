import Files

/// What can be typed instead of a story.
enum StoryCommand: Equatable {
    case help
    case new
    case quit
    case seed(UInt64)
    case temperature(Double)

    static let overview = """
        Enter alone       lets me go on
        /new              begins another story
        /seed N           the same seed and words give the same story
        /temperature X    below 1 I keep to the likely, above 1 I dare more
        /quit, Ctrl-D     leaves
        Ctrl-C            stops me
        Up, Down          bring back what you typed
        """

    /// - Returns: nil if the line is not a command but text.
    /// - Throws: ``InputError`` if it is a command that does not exist or cannot be understood.
    init?(_ line: String) throws(InputError) {
        guard line.hasPrefix("/") else { return nil }
        let words = line.split(separator: " ")
        let value = words.count == 2 ? words[1] : nil
        switch words[0] {
        case "/help" where words.count == 1: self = .help
        case "/new" where words.count == 1: self = .new
        case "/quit" where words.count == 1: self = .quit
        case "/seed":
            guard let seed = value.flatMap({ UInt64($0) }) else {
                throw InputError(.usage, "a seed is a whole number of at least 0", advice: "Type it as /seed 7")
            }
            self = .seed(seed)
        case "/temperature":
            guard let temperature = value.flatMap({ Double($0) }) else {
                throw InputError(.usage, "a temperature is a number", advice: "Type it as /temperature 0.8")
            }
            self = .temperature(temperature)
        default:
            throw InputError(
                .usage, "there is no command \(String(words[0]).quoted)", advice: "/help says which there are")
        }
    }
}
