import ArgumentParser

/// Values as they stand on a command line: 1,2,3.
struct CommaSeparated<Element: ExpressibleByArgument>: ExpressibleByArgument {
    let elements: [Element]

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        elements = parts.compactMap { Element(argument: String($0)) }
        guard elements.count == parts.count else { return nil }
    }

    static var allValueStrings: [String] { Element.allValueStrings }
}
