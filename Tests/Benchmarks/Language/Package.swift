// swift-tools-version:6.2
import PackageDescription

// The calendar and the policy files alone, without a dependency: builds in seconds. `../run` runs it with its peers.
let rules: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "language-benchmarks",
    platforms: [.macOS(.v15)],
    targets: [
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "ModeCore", swiftSettings: rules),
        .target(name: "Scheduling", dependencies: ["ModeCore"], swiftSettings: rules),
        .target(name: "PolicyFile", dependencies: ["CLibYAML", "ModeCore", "Scheduling"], swiftSettings: rules),
        .target(name: "BenchmarkHarness", swiftSettings: rules),
        .target(name: "Scan", dependencies: ["CLibYAML"]),
        .executableTarget(
            name: "next-benchmark", dependencies: ["BenchmarkHarness", "ModeCore", "Scheduling"], swiftSettings: rules),
        .executableTarget(
            name: "policy-benchmark",
            dependencies: ["BenchmarkHarness", "ModeCore", "PolicyFile", "Scan", "Scheduling"], swiftSettings: rules),
    ]
)
