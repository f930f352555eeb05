import Daemon
import Foundation
import Testing

@Suite struct StateDirectoryTests {
    @Test func `a second daemon is refused and told who holds the directory`() throws {
        let folder = try TemporaryDirectory()
        let directory = StateDirectory(path: folder.path + "/a/b")
        try directory.prepare()
        let lock = try directory.lock()
        #expect(throws: StateError.inUse(path: directory.path, pid: "\(getpid())")) { try directory.lock() }
        withExtendedLifetime(lock) {}
    }

    @Test func `the lock is free again once it is dropped`() throws {
        let folder = try TemporaryDirectory()
        let directory = StateDirectory(path: folder.path)
        try directory.prepare()
        do { _ = try directory.lock() }
        #expect(throws: Never.self) { try directory.lock() }
    }

    @Test func `token and directory are for the owner alone, and the token stays`() throws {
        let folder = try TemporaryDirectory()
        let directory = StateDirectory(path: folder.path + "/state")
        try directory.prepare()
        #expect(try directory.existingToken() == nil)
        let token = try directory.token()
        #expect(token.count == 64)
        #expect(try directory.token() == token)
        let files = FileManager.default
        #expect(try files.attributesOfItem(atPath: directory.path)[.posixPermissions] as? Int == 0o700)
        #expect(try files.attributesOfItem(atPath: directory.path + "/token")[.posixPermissions] as? Int == 0o600)
    }

    @Test(arguments: [
        (["NAGI_STATE": "/x", "XDG_STATE_HOME": "/y", "HOME": "/h"], "/x"),
        (["XDG_STATE_HOME": "/y", "HOME": "/h"], "/y/nagi"),
        (["XDG_STATE_HOME": "relative", "HOME": "/h"], "/h/.local/state/nagi"),
        (["HOME": "/h"], "/h/.local/state/nagi"),
    ])
    func `the standard path follows the environment`(environment: [String: String], path: String) {
        #expect(StateDirectory.standardPath(environment: environment) == path)
    }

    @Test func `a pipe in a file's place is refused and not waited for`() throws {
        let folder = try TemporaryDirectory()
        let directory = StateDirectory(path: folder.path)
        try directory.prepare()
        #expect(mkfifo(folder.path + "/token", 0o600) == 0)
        #expect(throws: StateError.self) { try directory.token() }
    }

    @Test func `the directory is in use while its lock is held`() throws {
        let folder = try TemporaryDirectory()
        let directory = StateDirectory(path: folder.path)
        #expect(!directory.isInUse)
        try directory.prepare()
        do {
            let lock = try directory.lock()
            #expect(directory.isInUse)
            withExtendedLifetime(lock) {}
        }
        #expect(!directory.isInUse)
    }
}
