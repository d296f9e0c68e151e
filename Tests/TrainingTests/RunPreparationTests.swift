import Files
import Foundation
import GPT2
import TestSupport
import Testing
import Tokenizers
import Training

/// What a run starts from: the model, the tokenizer, the options.
@Suite struct RunPreparationTests {
    private let small: SmallRun

    init() throws { small = try SmallRun() }

    private func error(_ plan: TrainingPlan, in name: String = "refused") -> InputError? {
        caughtError { () throws(InputError) in try small.begin(plan, in: name) }
    }

    private func tokenizerJSON(_ folder: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(folder)/tokenizer.json")))
    }

    // MARK: Tokenizers

    @Test("checkpoints carry the tokenizer of the data")
    func tokenizerOfTheData() throws {
        try small.train(small.plan, in: "first")
        try small.train(small.plan(from: "first"), in: "same")
        #expect(try tokenizerJSON(small.best("same")) == tokenizerJSON(small.best("first")))
        var plan = small.plan(from: "first")
        plan.tokenizer = try small.otherTokenizer()
        try small.train(plan, in: "other run")
        #expect(try tokenizerJSON(small.best("other run")) == tokenizerJSON(small.path("other")))
        // And where the start model has none.
        try FileManager.default.removeItem(atPath: "\(small.best("first"))/tokenizer.json")
        try small.train(plan, in: "from ids")
        #expect(try tokenizerJSON(small.best("from ids")) == tokenizerJSON(small.path("other")))
    }

    @Test("tokens of another tokenizer than the start model's are refused")
    func foreignTokens() throws {
        try small.train(small.plan, in: "first")
        let other = try Tokenizer(directory: small.otherTokenizer())
        let data = try TrainingData.prepare(texts: small.plan.text, tokenizer: .tokenizer(other), folder: "unused")
        try data.write(toDirectory: small.path("tokens"))
        var plan = small.plan(from: "first")
        (plan.text, plan.tokens) = ([], small.path("tokens"))
        let refusal = error(plan)
        #expect(refusal?.kind == .data && refusal?.place == plan.tokens)
        #expect(refusal?.problem.contains(small.best("first")) == true)
    }

    @Test("token files without a tokenizer have the start model's, or the one that is named")
    func bareTokens() throws {
        try small.train(small.plan, in: "first")
        let data = try TrainingData.prepare(texts: small.plan.text, tokenizer: .characters, folder: "unused")
        try data.write(toDirectory: small.path("tokens"))
        for name in ["tokenizer.json", "meta.json"] {
            try FileManager.default.removeItem(atPath: "\(small.path("tokens"))/\(name)")
        }
        var further = small.plan(from: "first")
        further.sampleEvery = 1
        (further.text, further.tokens) = ([], small.path("tokens"))
        var named = further
        (named.initial, named.tokenizer) = (nil, small.best("first"))
        for (plan, name) in [(further, "further"), (named, "named")] {
            try small.train(plan, in: name)
            let samples = try String(contentsOfFile: "\(small.path(name))/samples.jsonl", encoding: .utf8)
            #expect(samples.split(separator: "\n").count == 2)
            #expect(try tokenizerJSON(small.best(name)) == tokenizerJSON(small.best("first")))
        }
        named.tokenizer = nil
        #expect(error(named)?.place == "--sample-every")
    }

    @Test("characters of a text are no tokens of a model of byte pairs")
    func charactersOfAnotherModel() throws {
        try small.train(small.plan, in: "first")
        var plan = small.plan(from: "first")
        plan.tokenizer = "char"
        #expect(throws: Never.self) { try small.begin(plan, in: "char") }
        try FileManager.default.removeItem(atPath: "\(small.best("first"))/tokenizer.json")
        #expect(error(plan)?.place == "--tokenizer")
        plan.tokenizer = nil
        #expect(error(plan, in: "none")?.advice.contains("that the model was trained with") == true)
    }

    // MARK: Samples

    @Test("a prompt that cannot be sampled from is refused before the first step")
    func samplePrompts() throws {
        var plan = small.plan
        plan.sampleEvery = 1
        for prompt in ["é", String(repeating: "line ", count: 4)] {
            plan.samplePrompt = prompt
            let refusal = error(plan)
            #expect(refusal?.kind == .data && refusal?.place == "--sample-prompt", "\(prompt)")
        }
        // A text that has neither line breaks nor an end-of-text token.
        plan.samplePrompt = ""
        plan.text = [try small.folder.write("line.txt", String(repeating: "one line, ", count: 90).utf8)]
        try small.train(plan, in: "line")
        #expect(FileManager.default.fileExists(atPath: "\(small.path("line"))/samples.jsonl"))
    }

    // MARK: Options

    @Test("the plan has the start model's shape, and Muon's own decay")
    func planOfTheModel() throws {
        try small.train(small.plan, in: "first")
        var plan = small.plan(from: "first")
        (plan.layers, plan.heads, plan.channels) = (4, 4, 128)
        (plan.optimizer, plan.weightDecay, plan.muonWeightDecay) = (.muon, 0, 0.25)
        let run = try small.begin(plan, in: "further")
        #expect((run.plan.layers, run.plan.heads, run.plan.channels) == (1, 1, 16))
        #expect(run.trainer.muon.weightDecay == 0.25)
        let noted = try String(contentsOfFile: "\(small.path("further"))/run.json", encoding: .utf8)
        #expect(noted.contains("\"channels\" : 16") && noted.contains("\"muon-weight-decay\" : 0.25"))
    }

    @Test("a run that is older than Muon's decay goes on with the one that it had")
    func olderPlans() throws {
        var plan = small.plan
        plan.optimizer = .muon
        try small.train(plan, in: "run")
        try small.change("run/run.json", "  \"muon-weight-decay\" : 0.05,\n", to: "")
        #expect(try small.resume("run").trainer.muon.weightDecay == 0.05)
    }

    @Test("numbers that nothing could be made of are named")
    func numbers() {
        func problem(_ change: (inout TrainingPlan) -> Void) -> InputError? {
            var plan = small.plan
            change(&plan)
            return caughtError { () throws(InputError) in try plan.validate() }
        }
        let steps = problem { $0.steps = 5_000_000_000 }
        #expect(steps?.place == "--steps" && steps?.problem.hasSuffix("must be from 1 to 2147483648") == true)
        #expect(problem { $0.context = 20_000_000 }?.place == "--context")
        #expect(problem { $0.channels = 200_000 }?.place == "--channels")
        #expect(problem { $0.vocabularySize = 20_000_000 }?.place == "--vocab-size")
        #expect(problem { $0.warmupSteps = .max }?.place == "--warmup-steps")
        #expect(problem { $0.muonWeightDecay = -1 }?.place == "--muon-weight-decay")
        let product = problem { ($0.context, $0.batchSize, $0.accumulate) = (2, 1 << 31, 1 << 31) }
        #expect(product?.place == "--batch-size")
    }

    @Test("more memory than there can be is an error")
    func memory() throws {
        var plan = small.plan
        (plan.layers, plan.channels, plan.batchSize) = (64, 64, 1 << 31)
        let refusal = error(plan)
        #expect(refusal?.kind == .data && refusal?.problem.contains("which the system does not give") == true)
    }

    /// Two checkpoints do not need the room of two thousand million.
    @Test("room is asked for what will be written")
    func room() throws {
        var plan = small.plan
        plan.keep = 1 << 31
        try small.train(plan, in: "run")
        #expect(throws: Never.self) { try small.resume("run") }
    }

    @Test("what can hardly be meant is said")
    func warnings() throws {
        var plan = small.plan
        #expect(try small.begin(plan, in: "plain").warnings.isEmpty)
        plan.warmupSteps = 100
        #expect(try small.begin(plan, in: "warm").warnings.first?.contains("--warmup-steps is 100") == true)
        (plan.warmupSteps, plan.decaySteps) = (0, 3)
        #expect(try small.begin(plan, in: "falling").warnings.first?.contains("--decay-steps 3") == true)
    }
}
