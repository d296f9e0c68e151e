import Files

/// Commands that are designed, but not in this version.
enum PlannedCommand {
    private static let names: Set = ["convert", "pull"]

    /// - Throws: ``InputError`` of kind `usage` that names the command, where the arguments ask for one of these.
    static func refuse(_ arguments: some Sequence<String>) throws(InputError) {
        guard let name = arguments.first(where: { _ in true }), names.contains(name) else { return }
        throw InputError(
            .usage, "the command \"\(name)\" is not in this version", advice: "\"gpt2 --help\" lists those that are")
    }
}
