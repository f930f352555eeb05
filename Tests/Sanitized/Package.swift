// swift-tools-version:6.2
import PackageDescription

// The mode core and its tests alone, without a dependency: builds in seconds, also with a sanitizer.
//     swift test --package-path Tests/Sanitized --sanitize=thread
// The rules are those of the package around it; SANITIZED makes the locks visible to the thread sanitizer.
let rules: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .define("SANITIZED"),
]

let package = Package(
    name: "sanitized",
    platforms: [.macOS(.v15)],
    targets: [
        .target(name: "Primitives", swiftSettings: rules),
        .target(name: "ModeCore", dependencies: ["Primitives"], swiftSettings: rules),
        .testTarget(name: "ModeCoreTests", dependencies: ["ModeCore", "Primitives"], swiftSettings: rules),
    ]
)
