// swift-tools-version: 6.2
import PackageDescription

// CI sets GPT2_STRICT; a package that depends on ours never sees warnings as errors.
let strict: [SwiftSetting] = Context.environment["GPT2_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)]
let swift: [SwiftSetting] =
    [.enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("InternalImportsByDefault")] + strict

let package = Package(
    name: "swift-gpt2",
    platforms: [.macOS(.v15), .iOS(.v18)],
    products: [
        .library(name: "GPT2", targets: ["GPT2"]),
        .library(name: "StoryModel", targets: ["StoryModel"]),
        .library(name: "Inspection", targets: ["Inspection"]),
        .library(name: "Training", targets: ["Training"]),
        .library(name: "Tokenizers", targets: ["Tokenizers"]),
        .library(name: "Checkpoints", targets: ["Checkpoints"]),
        .library(name: "Layers", targets: ["Layers"]),
        .library(name: "Tensors", targets: ["Tensors"]),
        .library(name: "Runtime", targets: ["Runtime"]),
        .library(name: "Files", targets: ["Files"]),
        .executable(name: "gpt2", targets: ["GPT2Command"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
    ],
    targets: [
        // Arrows go down only: a target may depend on those above it in this list.
        .target(name: "Files", swiftSettings: swift),
        .target(name: "Kernels"),
        .target(name: "Runtime", dependencies: ["Kernels"], swiftSettings: swift),
        .target(name: "Tensors", dependencies: ["Files", "Runtime", "Kernels"], swiftSettings: swift),
        .target(name: "Checkpoints", dependencies: ["Files", "Tensors"], swiftSettings: swift),
        .target(name: "Layers", dependencies: ["Checkpoints", "Files", "Tensors"], swiftSettings: swift),
        .target(name: "Tokenizers", dependencies: ["Files", "Runtime"], swiftSettings: swift),
        .target(
            name: "GPT2", dependencies: ["Checkpoints", "Files", "Layers", "Runtime", "Tensors", "Tokenizers"],
            swiftSettings: swift),
        .target(
            name: "Training",
            dependencies: ["Checkpoints", "Files", "GPT2", "Layers", "Runtime", "Tensors", "Tokenizers"],
            swiftSettings: swift),
        .target(name: "StoryModelData", exclude: ["config.json", "model.safetensors", "tokenizer.json"]),
        .target(name: "StoryModel", dependencies: ["GPT2", "StoryModelData", "Tensors"], swiftSettings: swift),
        .target(name: "Inspection", dependencies: ["GPT2"], swiftSettings: swift),
        .executableTarget(
            name: "GPT2Command",
            dependencies: [
                "Files", "GPT2", "Inspection", "Layers", "Runtime", "StoryModel", "Tensors", "Tokenizers", "Training",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: swift),

        .target(
            name: "TestSupport", dependencies: ["Checkpoints", "Files", "Layers", "Tensors"], path: "Tests/TestSupport",
            swiftSettings: swift),
        .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
        .target(name: "Fuzzing", path: "Tests/Fuzzing", swiftSettings: swift),
        .target(name: "KernelChecks", dependencies: ["Kernels"], path: "Tests/KernelChecks", exclude: ["runner"]),
        .testTarget(name: "KernelsTests", dependencies: ["KernelChecks", "Kernels", "Runtime"], swiftSettings: swift),
        .testTarget(
            name: "RuntimeTests", dependencies: ["Runtime"], resources: [.copy("Fixtures")], swiftSettings: swift),
        .testTarget(
            name: "TensorsTests", dependencies: ["Files", "Runtime", "Tensors", "TestSupport"],
            resources: [.copy("Fixtures")], swiftSettings: swift),
        .testTarget(name: "FilesTests", dependencies: ["Files", "Fuzzing", "TestSupport"], swiftSettings: swift),
        .testTarget(
            name: "CheckpointsTests",
            dependencies: ["Checkpoints", "Files", "Fuzzing", "GPT2", "Tensors", "TestSupport"],
            resources: [.copy("Fixtures")], swiftSettings: swift),
        .testTarget(
            name: "LayersTests", dependencies: ["Files", "Layers", "Runtime", "Tensors", "TestSupport"],
            resources: [.copy("Fixtures")], swiftSettings: swift),
        .testTarget(
            name: "TextbookTests",
            dependencies: ["GPT2", "Layers", "Tensors", "TestSupport", "Tokenizers", "Training"],
            resources: [.copy("Fixtures")], swiftSettings: swift),
        .testTarget(
            name: "GPT2Tests",
            dependencies: [
                "AllocationCounter", "Checkpoints", "Files", "Fuzzing", "GPT2", "Runtime", "Tensors", "TestSupport",
                "Tokenizers",
            ],
            resources: [.copy("Fixtures")], swiftSettings: swift),
        .testTarget(
            name: "InspectionTests", dependencies: ["Files", "GPT2", "Inspection", "TestSupport"], swiftSettings: swift),
        .testTarget(
            name: "TokenizersTests", dependencies: ["Files", "Fuzzing", "Runtime", "TestSupport", "Tokenizers"],
            resources: [.copy("Fixtures")], swiftSettings: swift),
        .testTarget(
            name: "TrainingTests",
            dependencies: [
                "Checkpoints", "Files", "Fuzzing", "GPT2", "Layers", "Runtime", "Tensors", "TestSupport", "Tokenizers",
                "Training",
            ],
            resources: [.copy("Fixtures")], swiftSettings: swift),
        .testTarget(
            name: "StoryModelTests",
            dependencies: ["GPT2", "StoryModel", "StoryModelData", "Tensors", "TestSupport"],
            resources: [.copy("Fixtures")], swiftSettings: swift),
        .testTarget(
            name: "GPT2CommandTests", dependencies: ["GPT2Command", "TestSupport"], resources: [.copy("Fixtures")],
            swiftSettings: swift),
    ],
    swiftLanguageModes: [.v6]
)
