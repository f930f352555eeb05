// swift-tools-version:6.2
import PackageDescription

let package = Package(
    name: "embedding",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "nagi", path: "../..")],
    targets: [
        .executableTarget(name: "rooms", dependencies: [.product(name: "ModeCore", package: "nagi")])
    ]
)
