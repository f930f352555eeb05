// swift-tools-version:6.2
import PackageDescription

// The controller alone, and in the simulation, without a dependency: builds in seconds. `../run` runs it.
let rules: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "controller-benchmarks",
    platforms: [.macOS(.v15)],
    targets: [
        .target(name: "Primitives", swiftSettings: rules),
        .target(name: "ModeCore", dependencies: ["Primitives"], swiftSettings: rules),
        .target(name: "Calendars", dependencies: ["Primitives"], swiftSettings: rules),
        .target(name: "Scheduling", dependencies: ["Calendars", "ModeCore", "Primitives"], swiftSettings: rules),
        .target(
            name: "Simulation", dependencies: ["Calendars", "ModeCore", "Primitives", "Scheduling"],
            swiftSettings: rules),
        .target(name: "BenchmarkHarness", swiftSettings: rules),
        .executableTarget(
            name: "controller-benchmark",
            dependencies: ["BenchmarkHarness", "Calendars", "ModeCore", "Primitives", "Scheduling"],
            swiftSettings: rules),
        .executableTarget(
            name: "simulation-benchmark",
            dependencies: ["BenchmarkHarness", "Calendars", "ModeCore", "Primitives", "Scheduling", "Simulation"],
            swiftSettings: rules),
    ]
)
