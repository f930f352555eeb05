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
        .target(name: "Primitives", swiftSettings: rules),
        .target(name: "Calendars", dependencies: ["Primitives"], swiftSettings: rules),
        .executableTarget(name: "occurrences", dependencies: ["Calendars", "Primitives"], swiftSettings: rules),
    ]
)
