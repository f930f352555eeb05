// swift-tools-version:6.2
import PackageDescription

// What section 8 of the design promises, measured beside something that everybody knows. `./run` builds and runs all.
let rules: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "nagi", path: "../..")],
    targets: [
        .target(name: "BenchmarkHarness", swiftSettings: rules),
        .executableTarget(
            name: "admission-benchmark",
            dependencies: ["BenchmarkHarness", .product(name: "ModeCore", package: "nagi")],
            swiftSettings: rules
        ),
    ]
)
