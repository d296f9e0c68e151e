import Foundation
import TestSupport
import Testing
import Training

@Suite struct RunReportTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func report(_ configuration: [(name: String, value: String)] = []) throws -> String {
        try RunReport(folder: folder.path + "/", model: "a GPT-2 of 4 layers", configuration: configuration).html
    }

    @Test func holdsCurvesSamplesAndConfiguration() throws {
        let metrics = (1...200).map { step in
            """
            {"step":\(step),"loss":\(4 - Double(step) / 100),"learning_rate":1e-3,"gradient_norm":1.5,"tokens_per_s":1000}
            """ + (step.isMultiple(of: 50) ? "\n{\"step\":\(step),\"validation_loss\":\(5 - Double(step) / 100)}" : "")
        }
        try folder.write("metrics.jsonl", metrics.joined(separator: "\n").utf8)
        try folder.write(
            "samples.jsonl",
            "{\"step\":50,\"text\":\"first\"}\n{\"step\":100,\"text\":\"<b>then & \\n\\\"so\\\"\"}\n".utf8)
        let html = try report([("layers", "4"), ("text", "<a>.txt")])
        #expect(html.components(separatedBy: "<svg").count == 5)
        let name = try #require(folder.path.split(separator: "/").last)
        for part in [
            "\(name): a GPT-2 of 4 layers</h1>", "nats a token", "Gradient norm before clipping", "tokens a second",
            "Learning rate",
            "validation",
            "<dt>best validation loss</dt><dd>3.0000</dd>", "<dt>at step</dt><dd>200</dd>", "after step 100",
            "&lt;b&gt;then &amp; \n&quot;so&quot;", "<th scope=\"row\">layers</th><td>4</td>", "&lt;a&gt;.txt",
            "prefers-color-scheme: dark",
        ] { #expect(html.contains(part), "\(part)") }
        // The latest sample comes first and is open.
        let latest = try #require(html.range(of: "<details open><summary>after step 100"))
        let earlier = try #require(html.range(of: "<details><summary>after step 50"))
        #expect(latest.lowerBound < earlier.lowerBound)
    }

    @Test func theLargestStepIsAStep() throws {
        try folder.write("metrics.jsonl", "{\"step\":9223372036854775807,\"validation_loss\":2}\n".utf8)
        #expect(try report().contains("9,223,372,036,854,775,807"))
    }

    /// Nothing is loaded from anywhere.
    @Test func isSelfContained() throws {
        let html = try report()
        #expect(html.contains("nothing to show yet"))
        for part in ["src=", "href=", "url(", "@import", "<script", "<link"] {
            #expect(!html.contains(part), "\(part)")
        }
        #expect(
            html.components(separatedBy: "http").count
                == html.components(separatedBy: "http://www.w3.org/2000/svg").count)
    }
}
