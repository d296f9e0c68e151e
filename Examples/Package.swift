// swift-tools-version: 6.2
import PackageDescription

// CI sets GPT2_STRICT.
let strict: [SwiftSetting] = Context.environment["GPT2_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)]
let swift: [SwiftSetting] =
    [.enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("InternalImportsByDefault")] + strict

func gpt2(_ product: String) -> Target.Dependency { .product(name: product, package: "swift-gpt2") }
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "Examples",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "swift-gpt2", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    ],
    targets: [
        .target(name: "Support", dependencies: [gpt2("Files"), gpt2("Runtime"), arguments], swiftSettings: swift),
        .executableTarget(
            name: "dates",
            dependencies: [
                "Support", gpt2("Files"), gpt2("Layers"), gpt2("Runtime"), gpt2("Tensors"), gpt2("Training"), arguments,
            ],
            path: "Sources/Dates", swiftSettings: swift),
        .executableTarget(
            name: "sort",
            dependencies: [
                "Support", gpt2("Files"), gpt2("GPT2"), gpt2("Runtime"), gpt2("Tensors"), gpt2("Training"), arguments,
            ],
            path: "Sources/Sort", swiftSettings: swift),
        .testTarget(
            name: "DatesTests", dependencies: ["dates", gpt2("Layers"), gpt2("Runtime"), gpt2("Tensors")],
            swiftSettings: swift),
    ],
    swiftLanguageModes: [.v6]
)
