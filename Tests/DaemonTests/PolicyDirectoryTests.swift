import Calendars
import Daemon
import Foundation
import PolicyFile
import Testing

/// What is read from a directory, and what is refused.
final class PolicyDirectoryTests {
    private let root: URL

    init() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "nagi-policies-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
        root = URL(fileURLWithPath: path.resolvingSymlinksInPath().path)
    }

    deinit { try? FileManager.default.removeItem(at: root) }

    private func write(_ name: String, _ text: String) throws {
        let file = root.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    @Test func `of a directory the yaml files are read, in the order of their names`() throws {
        for name in ["b.yaml", "a.yml", ".hidden.yaml", "notes.txt", "inner/c.yaml"] { try write(name, name) }
        let sources = try PolicyDirectory.read([root.path])
        #expect(sources.map(\.path) == ["\(root.path)/a.yml", "\(root.path)/b.yaml"])
        #expect(sources.map { String(decoding: $0.bytes, as: UTF8.self) } == ["a.yml", "b.yaml"])
    }

    @Test func `a file that is named twice is read once`() throws {
        try write("a.yaml", "a")
        #expect(try PolicyDirectory.read([root.path, "\(root.path)/a.yaml"]).count == 1)
    }

    @Test func `links are followed inside the directory and refused out of it`() throws {
        try write("d/..data/a.yaml", "inside")
        try write("outside.yaml", "outside")
        let directory = root.appending(path: "d").path
        let manager = FileManager.default
        try manager.createSymbolicLink(atPath: "\(directory)/a.yaml", withDestinationPath: "..data/a.yaml")
        try manager.createSymbolicLink(atPath: "\(directory)/b.yaml", withDestinationPath: "../outside.yaml")
        try manager.createSymbolicLink(atPath: "\(directory)/c.yaml", withDestinationPath: "nowhere.yaml")
        try manager.createSymbolicLink(atPath: "\(directory)/d.yaml", withDestinationPath: "d.yaml")
        let contents = PolicyDirectory.scan([directory])
        #expect(contents.sources.map(\.path) == ["\(directory)/a.yaml"])
        #expect(contents.faults.map(\.file) == ["b", "c", "d"].map { "\(directory)/\($0).yaml" })
        #expect(contents.faults.allSatisfy { $0.code == .unreadableFile })
    }

    @Test func `a pipe, a device and a directory are never waited for`() throws {
        try write("a.yaml", "a")
        try FileManager.default.createDirectory(
            at: root.appending(path: "b.yaml"), withIntermediateDirectories: true)
        #expect(mkfifo("\(root.path)/pipe.yaml", 0o600) == 0)
        let contents = PolicyDirectory.scan([root.path, "/dev/zero"])
        #expect(contents.sources.count == 1)
        #expect(contents.faults.map(\.file) == ["\(root.path)/b.yaml", "\(root.path)/pipe.yaml", "/dev/zero"])
    }

    @Test func `calendar files are read beside the policy file, and nowhere else`() throws {
        try write("d/a.yaml", "a")
        try write("d/holidays.ics", "inside")
        try write("d/inner/more.ics", "deeper")
        try write("outside.ics", "outside")
        let directory = root.appending(path: "d").path
        let manager = FileManager.default
        try manager.createSymbolicLink(atPath: "\(directory)/link.ics", withDestinationPath: "inner/more.ics")
        try manager.createSymbolicLink(atPath: "\(directory)/out.ics", withDestinationPath: "../outside.ics")
        #expect(mkfifo("\(directory)/pipe.ics", 0o600) == 0)
        func read(_ name: String) -> String {
            switch PolicyDirectory.calendarFiles.read(name, "\(directory)/a.yaml") {
            case .success(let source):
                source.path.dropFirst(directory.count + 1) + ": " + String(decoding: source.bytes, as: UTF8.self)
            case .failure(let reason): reason.message
            }
        }
        #expect(read("holidays.ics") == "holidays.ics: inside")
        #expect(read("inner/more.ics") == "inner/more.ics: deeper")
        #expect(read("link.ics") == "link.ics: deeper")
        #expect(read("out.ics") == "the link leads out of the directory")
        #expect(read("missing.ics") == "there is no such file or directory")
        #expect(read("pipe.ics") == "this is not a file (a directory, pipe, socket or device)")
        for name in ["../outside.ics", "\(root.path)/outside.ics", "inner/../../outside.ics", "", "a\0.ics"] {
            #expect(read(name) == "it is not inside the directory of the policy file", "\(name)")
        }
    }

    @Test func `nothing more than the limit is read of a large file`() throws {
        try write("large.yaml", String(repeating: "#", count: 10_000_000))
        let source = try #require(try PolicyDirectory.read([root.path]).first)
        #expect(source.bytes.count == PolicyLimits.fileBytes + 1)
        let parsed = parsePolicies([source], zones: ZoneCatalog([.utc]))
        #expect(parsed.diagnostics.map(\.code) == [.fileTooLarge])
    }

    @Test func `an empty directory and a missing path are named`() throws {
        let error = #expect(throws: PolicyDirectory.Unreadable.self) {
            try PolicyDirectory.read([root.path, "\(root.path)/missing.yaml"])
        }
        #expect(error?.faults.map(\.code) == [.noPolicies, .unreadableFile])
    }

    @Test func `the host's zones are known by name, with their rules`() throws {
        let zones = HostZones.catalog()
        #expect(zones.names.contains("Asia/Tokyo"))
        #expect(zones.rules("Asia/Tokyo")?.transitions.isEmpty == false)
        #expect(zones.rules("Europe/Berlin")?.transitions.isEmpty == false)
        #expect(zones.rules("../../etc/passwd") == nil)
        #expect(zones.rules("Asia/Tokio") == nil)
    }
}
