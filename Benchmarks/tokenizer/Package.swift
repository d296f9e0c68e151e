// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "tokenizer-benchmark",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "swift-gpt2", path: "../..")],
    targets: [
        .executableTarget(
            name: "TokenizerBenchmark", dependencies: [.product(name: "Tokenizers", package: "swift-gpt2")])
    ],
    swiftLanguageModes: [.v6]
)
