import GPT2
import Tokenizers

/// Writes a prompt and the text that follows it as it comes; token ids where the model has no tokenizer.
struct TextWriter {
    private let tokenizer: Tokenizer?
    private let tint: Tint
    private var isFirstToken = true

    init(_ tokenizer: Tokenizer?, tint: Tint) {
        self.tokenizer = tokenizer
        self.tint = tint
    }

    mutating func begin(with prompt: Prompt) throws {
        switch prompt {
        case .text(let bytes, _) where StandardOutput.isTerminal:
            try StandardOutput.write(String(decoding: bytes, as: UTF8.self).harmless)
        case .text(let bytes, _): try StandardOutput.write(bytes)
        case .tokens(let tokens):
            guard let tokenizer else {
                for token in tokens { try append(token) }
                return
            }
            var decoder = StreamingDecoder(tokenizer)
            try write(tokens.map { decoder.append($0) }.joined() + decoder.finish())
        }
    }

    mutating func append(_ piece: GeneratedPiece) throws {
        if tokenizer == nil {
            try append(piece.token)
        } else if !piece.text.isEmpty {
            let text = StandardOutput.isTerminal ? piece.text.harmless : piece.text
            try StandardOutput.write(tint.colored(text, probability: piece.probability))
        }
    }

    func end() throws {
        try StandardOutput.write("\n")
    }

    private mutating func append(_ token: TokenID) throws {
        try StandardOutput.write(isFirstToken ? "\(token)" : ",\(token)")
        isFirstToken = false
    }

    private func write(_ text: String) throws {
        try StandardOutput.write(StandardOutput.isTerminal ? text.harmless : text)
    }
}
