package import Files

extension RunDirectory {
    static let dataName = "data.json"

    /// Notes what the run's data is, or holds it to what was noted when the run began: the paths of texts say nothing about
    /// what is in them now.
    ///
    /// - Parameter weights: the fingerprint of the weights that stay as they are, beneath adapters; a run that is older than
    ///   this note goes on with any.
    /// - Throws: ``InputError`` of kind `data` if the tokens or the weights are others.
    package func checkData(
        training: TokenSequence.Summary, validation: TokenSequence.Summary, weights: String? = nil
    ) throws(InputError) {
        let place = "\(path)/\(Self.dataName)"
        let parts = [("training", training), ("validation", validation)]
        guard PathKind(place) == .file else {
            var members = parts.map { name, summary in
                "\(name.jsonEscaped): {\"tokens\": \(summary.count), \"fingerprint\": \(summary.fingerprint.jsonEscaped)}"
            }
            if let weights { members.append("\"weights\": \(weights.jsonEscaped)") }
            return try AtomicFile.write("{\(members.joined(separator: ", "))}\n".utf8, to: place)
        }
        let fields = try JSONFields(JSON.read(place), in: place)
        for (name, summary) in parts {
            let noted = try fields.fields(name)
            let (count, fingerprint) = (try noted.integer("tokens"), try noted.string("fingerprint"))
            guard count == summary.count, fingerprint == summary.fingerprint else {
                throw InputError(
                    .data,
                    "the \(name) data is not what the run began with: it had \(count) tokens with the fingerprint "
                        + "\(fingerprint), and now has \(summary.count) with \(summary.fingerprint)",
                    in: place, advice: "Restore the texts or token files, or start a new run with --out")
            }
        }
        if let weights, let noted = try fields.optionalString("weights"), noted != weights {
            throw InputError(
                .data,
                "the model of --init is not what the run began with: its weights had the fingerprint \(noted), and now "
                    + "have \(weights)",
                in: place, advice: "Restore the model's folder, or start a new run with --out")
        }
    }
}
