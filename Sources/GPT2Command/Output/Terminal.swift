#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the terminal that shows our output can do.
enum Terminal {
    /// The columns, also where a terminal does not say.
    static var width: Int {
        var size = winsize()
        let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return isKnown ? Int(size.ws_col) : 80
    }

    enum Colors {
        case none
        case palette
        case full
    }

    /// Colours are used on a terminal that has them, unless NO_COLOR (https://no-color.org) forbids it.
    static let colors: Colors = {
        let environment = ProcessInfo.processInfo.environment
        let isForbidden = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        guard StandardOutput.isTerminal, !isForbidden, environment["TERM"] != "dumb" else { return .none }
        return ["truecolor", "24bit"].contains(environment["COLORTERM"]) ? .full : .palette
    }()

    /// Text that stands back.
    static func faint(_ text: String) -> String {
        colors == .none ? text : "\u{1B}[2m\(text)\u{1B}[22m"
    }
}
