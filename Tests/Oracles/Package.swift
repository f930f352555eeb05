// swift-tools-version:6.2
import PackageDescription

// The calendar alone, without a dependency, for comparing its occurrences with those of other programs: see README.md.
// The rules are those of the package around it.
let rules: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "oracles",
    platforms: [.macOS(.v15)],
    targets: [
        .target(name: "ModeCore", swiftSettings: rules),
        .target(name: "Scheduling", dependencies: ["ModeCore"], swiftSettings: rules),
        .executableTarget(name: "occurrences", dependencies: ["ModeCore", "Scheduling"], swiftSettings: rules),
    ]
)
