// swift-tools-version:6.2
import PackageDescription

// What the daemon talks to while it is measured: a thousand nodes in one small process. `./run` builds and runs all.
let package = Package(
    name: "daemon-benchmark",
    targets: [
        .systemLibrary(name: "CEpoll"),
        .executableTarget(
            name: "crowd", dependencies: ["CEpoll"],
            swiftSettings: [
                .swiftLanguageMode(.v6), .treatAllWarnings(as: .error), .enableUpcomingFeature("ExistentialAny"),
            ]),
    ]
)
