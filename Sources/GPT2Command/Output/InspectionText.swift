import Inspection

/// What `inspect` shows: tables as wide as the terminal.
struct InspectionText {
    private let inspection: PromptInspection
    private let width: Int

    init(_ inspection: PromptInspection, width: Int) {
        self.inspection = inspection
        self.width = width
    }

    var text: String {
        let position = inspection.prompt.count - 1
        var text = "At position \(position), \(label(inspection.prompt[position])):\n\n\(layers.text)\n"
        if position > 0 {
            text += "The head that looks at each token the most, counted from 0, and how much:\n"
            for range in lookRanges { text += "\n" + looks(range).text }
            text += "\n"
        }
        return text + "What comes next:\n\n" + predictions.text
    }

    /// What happens at the last position.
    private var layers: Table {
        var table = Table([
            "layer": .right, "residual": .right, "ln_1": .left, "+ attention": .right, "ln_2": .left,
            "+ feed-forward": .right, "= residual": .right, "would say": .left,
        ])
        for layer in inspection.layers {
            table.append(
                "\(layer.layer)", layer.residualNormBefore.short, norm(layer.norm1), layer.attentionOutputNorm.short,
                norm(layer.norm2), layer.feedForwardOutputNorm.short, layer.residualNormAfter.short,
                layer.lens.first.map { "\(label($0.token)) \($0.probability.percent)" } ?? "")
        }
        table.append("ln_f", "", norm(inspection.finalNorm))
        return table
    }

    /// Which layers fit beside each other.
    private var lookRanges: [Range<Int>] {
        let labels = inspection.prompt.map { label($0).terminalWidth }.max() ?? 0
        let fitting = max((width - labels - 12) / 9, 1)
        return stride(from: 0, to: inspection.layers.count, by: fitting).map {
            $0..<min($0 + fitting, inspection.layers.count)
        }
    }

    private func looks(_ layers: Range<Int>) -> Table {
        var columns = [Table.Column(title: "position", alignment: .right), .init(title: "token", alignment: .left)]
        columns += layers.map { Table.Column(title: "layer \($0)", alignment: .right) }
        var table = Table(columns)
        for (position, token) in inspection.prompt.dropLast().enumerated() {
            let cells = layers.map { layer in
                let look = inspection.layers[layer].looks.first { $0.position == position }
                return look.map { "\($0.head): \($0.weight.percent)" } ?? ""
            }
            table.append(["\(position)", label(token)] + cells)
        }
        return table
    }

    private var predictions: Table {
        var table = Table(["token": .left, "id": .right, "probability": .right])
        for guess in inspection.prediction {
            table.append(label(guess.token), "\(guess.token.id)", guess.probability.percent)
        }
        return table
    }

    private func norm(_ norm: PromptInspection.Norm) -> String {
        "\(norm.mean.short) ± \(norm.deviation.short)"
    }

    /// The text of a token, or its id where the model has no tokenizer.
    private func label(_ token: PromptInspection.Token) -> String {
        token.text?.cell ?? "#\(token.id)"
    }
}
