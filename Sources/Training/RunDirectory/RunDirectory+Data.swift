package import Files

extension RunDirectory {
    private static let dataName = "data.json"

    /// Notes what the run's data is, or holds it to what was noted when the run began: the paths of texts say nothing about
    /// what is in them now.
    ///
    /// - Throws: ``InputError`` of kind `data` if the tokens are others.
    package func checkData(
        training: TokenSequence.Summary, validation: TokenSequence.Summary
    ) throws(InputError) {
        let place = "\(path)/\(Self.dataName)"
        let parts = [("training", training), ("validation", validation)]
        guard PathKind(place) == .file else {
            let members = parts.map { name, summary in
                "\(name.jsonEscaped): {\"tokens\": \(summary.count), \"fingerprint\": \(summary.fingerprint.jsonEscaped)}"
            }
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
    }
}
