/// What can be changed about a phrase without changing what it says. Each change must change something: else the phrase
/// would be that of another wording.
package struct Wording: Hashable {
    /// "twenty-third", or "twenty third".
    package var hyphens = true
    /// "two thousand and four", or "two thousand four".
    package var and = true
    /// "May 3, 1999", or "May 3 1999".
    package var commas = true
    package var letters = Letters.asWritten

    package enum Letters: CaseIterable {
        case asWritten, lower, upper
    }

    package init(hyphens: Bool = true, and: Bool = true, commas: Bool = true, letters: Letters = .asWritten) {
        self.hyphens = hyphens
        self.and = and
        self.commas = commas
        self.letters = letters
    }

    static func random(using random: inout some RandomNumberGenerator) -> Wording {
        Wording(
            hyphens: .random(using: &random), and: .random(using: &random), commas: .random(using: &random),
            letters: .random(using: &random))
    }

    /// The phrase so worded; nil if one of the changes finds nothing to change.
    func applied(to phrase: String) -> String? {
        var phrase: String? = phrase
        if !hyphens { phrase = phrase?.changed { $0.replacing("-", with: " ") } }
        if !and { phrase = phrase?.changed { $0.replacing(" and ", with: " ") } }
        if !commas { phrase = phrase?.changed { $0.replacing(",", with: "") } }
        switch letters {
        case .asWritten: return phrase
        case .lower: return phrase?.changed { $0.lowercased() }
        case .upper: return phrase?.changed { $0.uppercased() }
        }
    }
}

extension String {
    fileprivate func changed(by change: (String) -> String) -> String? {
        let changed = change(self)
        return changed == self ? nil : changed
    }
}

extension CaseIterable {
    static func random(using random: inout some RandomNumberGenerator) -> Self {
        let cases = Array(allCases)
        return cases[.random(in: cases.indices, using: &random)]
    }
}
