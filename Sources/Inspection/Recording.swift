internal import GPT2
internal import Tensors

/// What taps saw in a forward pass of one row.
final class Recording {
    private var rows: [TapPoint: [Float]] = [:]
    /// By layer: [H, 1, keys].
    private var patterns: [Int: Tensor] = [:]

    init(_ taps: Taps, layers: Int) {
        let sites: [TapPoint.Site] = [
            .residualBefore, .norm1Statistics, .attentionOutput, .norm2Statistics, .feedForwardOutput, .residualAfter,
        ]
        var points = (0..<layers).flatMap { layer in sites.map { TapPoint($0, layer: layer) } }
        points.append(TapPoint(.finalNormStatistics))
        for point in points {
            taps.read(point) { self.rows[point] = $0.row(0) }
        }
        for layer in 0..<layers {
            taps.read(TapPoint(.attentionPattern, layer: layer)) { self.patterns[layer] = $0 }
        }
    }

    func row(_ site: TapPoint.Site, _ layer: Int?) -> [Float] {
        rows[TapPoint(site, layer: layer)] ?? []
    }

    /// The strongest look at each of the first positions.
    func looks(layer: Int, positions: Int) -> [PromptInspection.Look] {
        guard let pattern = patterns[layer] else { return [] }
        let heads = (0..<pattern.shape[0]).map { pattern.row($0) }
        return (0..<positions).map { position in
            let head = heads.indices.max { heads[$0][position] < heads[$1][position] } ?? 0
            return PromptInspection.Look(position: position, head: head, weight: Double(heads[head][position]))
        }
    }
}

extension [Float] {
    /// The Euclidean norm.
    var norm: Double { reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }
}
