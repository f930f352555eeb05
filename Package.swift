// swift-tools-version:6.2
import PackageDescription

// One language mode and one set of rules for every target: a warning is an error, `any` is spelled out, and a member
// is only visible through the module that the file itself imports.
let rules: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]
/// Targets whose parts have tests of their own, in the release build too, which is the one that all tests use.
let testable: [SwiftSetting] = rules + [.unsafeFlags(["-enable-testing"], .when(configuration: .release))]

let package = Package(
    name: "nagi",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "nagi", targets: ["nagi"]),
        .library(name: "ModeCore", targets: ["ModeCore", "Primitives"]),
        .library(name: "Calendars", targets: ["Calendars", "Primitives"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"]), .brew(["libyaml"])]),

        .systemLibrary(name: "CHost"),

        // Pure: the standard library and each other, nothing else.
        .target(name: "Primitives", swiftSettings: rules),
        .target(name: "ModeCore", dependencies: ["Primitives"], swiftSettings: rules),
        .target(name: "Calendars", dependencies: ["Primitives"], swiftSettings: rules),
        .target(
            name: "Scheduling", dependencies: ["Calendars", "ModeCore", "Primitives"], swiftSettings: testable),
        .target(
            name: "Simulation", dependencies: ["Calendars", "ModeCore", "Primitives", "Scheduling"],
            swiftSettings: testable),

        // Pure, plus libyaml.
        .target(
            name: "PolicyFile", dependencies: ["Calendars", "CLibYAML", "ModeCore", "Primitives", "Scheduling"],
            swiftSettings: rules),

        // Effects.
        .target(
            name: "ModeServer",
            dependencies: [
                "ModeCore", "Primitives",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: rules
        ),
        .target(
            name: "Daemon",
            dependencies: [
                "Calendars", "CHost", "ModeCore", "ModeServer", "PolicyFile", "Primitives", "Scheduling",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: rules
        ),
        .executableTarget(
            name: "nagi",
            dependencies: [
                "Calendars", "Daemon", "ModeCore", "ModeServer", "PolicyFile", "Primitives", "Scheduling", "Simulation",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: rules
        ),

        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: rules),
        .testTarget(name: "LawTests", swiftSettings: rules),
        .testTarget(name: "PrimitivesTests", dependencies: ["Primitives"], swiftSettings: rules),
        .testTarget(name: "ModeCoreTests", dependencies: ["ModeCore", "Primitives"], swiftSettings: rules),
        .testTarget(name: "CalendarsTests", dependencies: ["Calendars", "Primitives"], swiftSettings: rules),
        .testTarget(
            name: "SchedulingTests", dependencies: ["Calendars", "ModeCore", "Primitives", "Scheduling"],
            swiftSettings: rules),
        .testTarget(
            name: "PolicyFileTests", dependencies: ["Calendars", "ModeCore", "PolicyFile", "Primitives", "Scheduling"],
            exclude: ["bad", "good", "ics", "schema_check.py"], swiftSettings: rules),
        .testTarget(
            name: "SimulationTests", dependencies: ["Calendars", "ModeCore", "Primitives", "Scheduling", "Simulation"],
            swiftSettings: rules),
        .testTarget(
            name: "ModeServerTests",
            dependencies: [
                "ModeCore", "ModeServer", "Primitives", "TestSupport",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ],
            exclude: ["malformed", "transcripts"],
            swiftSettings: rules
        ),
        .testTarget(
            name: "DaemonTests",
            dependencies: [
                "Calendars", "Daemon", "ModeCore", "ModeServer", "PolicyFile", "Primitives", "Scheduling",
                "TestSupport",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            exclude: ["diffs", "journals"],
            swiftSettings: rules
        ),
        .testTarget(
            name: "EndToEndTests", dependencies: ["nagi", "TestSupport"],
            exclude: ["plans", "signaling_clients.py"], swiftSettings: rules),
    ]
)
