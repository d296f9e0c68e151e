/// What is wrong with something a user gave: a file, an argument or a request.
///
/// Every error that this package throws is one of these, but `TrainingDiverged`, of a training whose loss stops being a
/// number or leaves all bounds. An `InputError` says what is wrong, where, and what to do next, in that order, so that
/// its description can be shown as it is:
///
///     model.safetensors: tensor "h.0.ln_1.weight" has shape [767]; the configuration needs [768]. Download the file again.
public struct InputError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of thing is wrong; a command line tool maps it to its exit status.
    public enum Kind: Sendable {
        /// The request itself makes no sense: an argument out of range, a token id outside the vocabulary (exit 64).
        case usage
        /// A file or a text has the wrong content (exit 65).
        case data
        /// A file or folder is not there or cannot be read (exit 66).
        case missing
    }

    public let kind: Kind
    /// What is wrong, as a sentence without its full stop.
    public let problem: String
    /// The file, the tensor or the argument in which it is wrong, if there is one.
    public let place: String?
    /// What to do next, as a sentence without its full stop.
    public let advice: String

    public init(_ kind: Kind, _ problem: String, in place: String? = nil, advice: String) {
        self.kind = kind
        self.problem = problem
        self.place = place
        self.advice = advice
    }

    public var description: String {
        (place.map { "\($0): " } ?? "") + "\(problem). \(advice)."
    }
}
