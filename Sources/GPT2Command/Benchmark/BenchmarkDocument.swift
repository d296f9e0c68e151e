import GPT2
import Runtime

/// What `bench --format json` writes.
struct BenchmarkDocument: Encodable {
    private struct Machine: Encodable {
        let threads: Int
        let instructionSet: String
        let bytesPerSecond: Double
        let operationsPerSecond: Double

        enum CodingKeys: String, CodingKey {
            case threads
            case instructionSet = "instruction_set"
            case bytesPerSecond = "bytes_per_s"
            case operationsPerSecond = "flops_per_s"
        }
    }

    private struct Format: Encodable {
        let weights: String
        let weightBytes: Int
        let loadSeconds: Double
        let firstTokenSeconds: Double
        let residentBytes: Int?

        enum CodingKeys: String, CodingKey {
            case weights
            case weightBytes = "weight_bytes"
            case loadSeconds = "load_s"
            case firstTokenSeconds = "first_token_s"
            case residentBytes = "resident_bytes"
        }
    }

    private let model: String
    private let parameters: Int
    private let repetitions: Int
    private let machine: Machine
    private let formats: [Format]
    private let measurements: [Measurement]

    init(_ report: BenchmarkReport) {
        model = report.model
        parameters = report.parameters
        repetitions = report.repetitions
        machine = Machine(
            threads: report.threads, instructionSet: Processor.instructionSet,
            bytesPerSecond: report.limits.bytesPerSecond, operationsPerSecond: report.limits.operationsPerSecond)
        formats = report.formats.map {
            Format(
                weights: $0.weights.rawValue, weightBytes: $0.weightBytes, loadSeconds: $0.loadSeconds,
                firstTokenSeconds: $0.firstTokenSeconds, residentBytes: $0.residentBytes)
        }
        measurements = report.formats.flatMap { format in
            format.measurements.map {
                Measurement(weights: format.weights.rawValue, measurement: $0, limits: report.limits)
            }
        }
    }

    private struct Measurement: Encodable {
        let weights: String
        let measurement: BenchmarkMeasurement
        let limits: MachineLimits

        private enum Key: String, CodingKey {
            case weights, work, depth, sequences, tokens, seconds, bytes, share
            case median = "tokens_per_s"
            case slowest = "tokens_per_s_lowest"
            case fastest = "tokens_per_s_highest"
            case operations = "flops"
            case bytesPerToken = "bytes_per_token"
            case operationsPerToken = "flops_per_token"
            case limit = "limit_tokens_per_s"
            case limitedBy = "limited_by"
        }

        func encode(to encoder: any Encoder) throws {
            let (task, work) = (measurement.task, measurement.work)
            let tokens = Double(task.tokens)
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(weights, forKey: .weights)
            switch task {
            case .prompt:
                try container.encode("prompt", forKey: .work)
                try container.encode(0, forKey: .depth)
            case .decoding(let depth, _, _):
                try container.encode("decode", forKey: .work)
                try container.encode(depth, forKey: .depth)
            }
            try container.encode(task.sequences, forKey: .sequences)
            try container.encode(task.tokens, forKey: .tokens)
            try container.encode(measurement.seconds, forKey: .seconds)
            try container.encode(measurement.tokensPerSecond, forKey: .median)
            try container.encode(measurement.slowestTokensPerSecond, forKey: .slowest)
            try container.encode(measurement.fastestTokensPerSecond, forKey: .fastest)
            try container.encode(work.bytes, forKey: .bytes)
            try container.encode(work.operations, forKey: .operations)
            try container.encode(Double(work.bytes) / tokens, forKey: .bytesPerToken)
            try container.encode(Double(work.operations) / tokens, forKey: .operationsPerToken)
            try container.encode(tokens / limits.seconds(for: work), forKey: .limit)
            try container.encode(limits.isMemoryBound(work) ? "memory" : "arithmetic", forKey: .limitedBy)
            try container.encode(measurement.share(of: limits), forKey: .share)
        }
    }
}
