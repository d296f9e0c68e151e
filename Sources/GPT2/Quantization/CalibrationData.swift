/// What quantised weights are fitted to.
public enum CalibrationData: Sendable {
    /// A text of the kind that the model is to read.
    case text(CalibrationText)
    /// What the model writes by itself, at least ``CalibrationText/fewestTokens`` tokens: as good as the text that it has
    /// learnt from, where nobody has that.
    case ownWriting(tokens: Int = CalibrationText.defaultTokenLimit)
}
