/// Colours text by the probability that the model gave it.
///
/// The colours are equally light (relative luminance 0.18), so that each has a contrast of at least 3.6 to 1 both with
/// black and with white, and run from warm to cool, which colour-blind readers tell apart too.
struct Tint {
    private struct Step {
        let probabilityBelow: Float
        let name: String
        let red: Int
        let green: Int
        let blue: Int
        /// The nearest colour of the 256-colour palette.
        let palette: Int
    }

    private static let steps = [
        Step(probabilityBelow: 0.01, name: "below 1%", red: 227, green: 41, blue: 12, palette: 160),
        Step(probabilityBelow: 0.1, name: "1–10%", red: 148, green: 113, blue: 8, palette: 94),
        Step(probabilityBelow: 0.4, name: "10–40%", red: 118, green: 118, blue: 118, palette: 243),
        Step(probabilityBelow: 0.8, name: "40–80%", red: 7, green: 130, blue: 141, palette: 30),
        Step(probabilityBelow: .infinity, name: "80% and more", red: 37, green: 108, blue: 249, palette: 27),
    ]

    private let colors: Terminal.Colors

    /// - Parameter isWanted: whether to colour at all; where the output has no colours it is not coloured either.
    init(isWanted: Bool) {
        colors = isWanted ? Terminal.colors : .none
    }

    func colored(_ text: String, probability: Float) -> String {
        let step = Self.steps.first { probability < $0.probabilityBelow }
        return step.map { color(text, $0) } ?? text
    }

    /// What the colours mean; nil where there are none.
    var legend: String? {
        if colors == .none { return nil }
        return "probability: " + Self.steps.map { color($0.name, $0) }.joined(separator: "  ")
    }

    private func color(_ text: String, _ step: Step) -> String {
        switch colors {
        case .none: text
        case .palette: "\u{1B}[38;5;\(step.palette)m\(text)\u{1B}[39m"
        case .full: "\u{1B}[38;2;\(step.red);\(step.green);\(step.blue)m\(text)\u{1B}[39m"
        }
    }
}
