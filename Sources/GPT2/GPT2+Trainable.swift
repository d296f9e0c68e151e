internal import Checkpoints
public import Files
public import Runtime

extension GPT2 {
    /// Loads a network to train further: its weights stay as they are stored, in 32 bits, as parameters.
    ///
    /// - Parameters:
    ///   - path: a folder as Hugging Face lays it out.
    ///   - dropout: what training drops, in place of what config.json says.
    /// - Throws: ``InputError`` as ``GPT2Model/init(directory:team:)`` does.
    public init(trainable path: String, dropout: Double? = nil, team: Team = .shared) throws(InputError) {
        let directory = try ModelDirectory(path)
        var configuration = try GPT2Configuration(
            json: directory.configuration(), place: directory.file("config.json"))
        if let dropout {
            configuration.embeddingDropout = dropout
            configuration.attentionDropout = dropout
            configuration.residualDropout = dropout
        }
        let checkpoint = try GPT2Checkpoint(directory.weights(), configuration)
        try self.init(checkpoint, configuration, trainable: true, team: team)
    }
}
