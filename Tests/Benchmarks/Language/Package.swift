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
        .target(name: "Primitives", swiftSettings: rules),
        .target(name: "ModeCore", dependencies: ["Primitives"], swiftSettings: rules),
        .target(name: "Calendars", dependencies: ["Primitives"], swiftSettings: rules),
        .target(name: "Scheduling", dependencies: ["Calendars", "ModeCore", "Primitives"], swiftSettings: rules),
        .target(
            name: "PolicyFile", dependencies: ["Calendars", "CLibYAML", "ModeCore", "Primitives", "Scheduling"],
            swiftSettings: rules),
        .target(name: "BenchmarkHarness", swiftSettings: rules),
        .target(name: "Scan", dependencies: ["CLibYAML"]),
        .executableTarget(
            name: "next-benchmark", dependencies: ["BenchmarkHarness", "Calendars", "Primitives"], swiftSettings: rules),
        .executableTarget(
            name: "policy-benchmark",
            dependencies: ["BenchmarkHarness", "Calendars", "PolicyFile", "Primitives", "Scan", "Scheduling"],
            swiftSettings: rules),
    ]
)
