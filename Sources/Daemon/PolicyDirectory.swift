import CHost
import Foundation
import PolicyFile

/// The only place that opens policy files.
///
/// A path is a file or a directory. Of a directory all `*.yaml` and `*.yml` are read, in the order of their names;
/// subdirectories and names that start with a dot are not, so that one directory is one set. Symbolic links are
/// followed as long as they end inside the directory (a mounted ConfigMap is made of such links); a file named by
/// itself may be a link to anywhere. What is not a regular file (pipe, device, socket) is never opened for reading.
package enum PolicyDirectory {
    /// Files of one set.
    package static let fileLimit = 10_000

    /// What was read, and what could not be.
    package struct Contents: Sendable {
        package var sources: [PolicySource]
        /// One error for each file or directory that was not read.
        package var faults: [Diagnostic]
    }

    /// Some of the paths could not be read.
    package struct Unreadable: Error, CustomStringConvertible {
        package var faults: [Diagnostic]
        package var description: String { faults.map { "\($0.file): \($0.message)" }.joined(separator: "\n") }
    }

    /// All files, or an error that names everything that could not be read.
    package static func read(_ paths: [String]) throws(Unreadable) -> [PolicySource] {
        let contents = scan(paths)
        if !contents.faults.isEmpty { throw Unreadable(faults: contents.faults) }
        return contents.sources
    }

    /// Everything that can be read, and a fault for everything else. A file that is named twice is read once.
    package static func scan(_ paths: [String]) -> Contents {
        var contents = Contents(sources: [], faults: [])
        var seen: Set<String> = []
        for path in paths {
            guard let real = resolved(path) else {
                contents.fault(path, reason(errno))
                continue
            }
            if host_file_type(real) == S_IFDIR {
                scan(directory: path, &seen, &contents)
            } else if seen.insert(real).inserted {
                read(real, shownAs: path, &contents)
            }
        }
        return contents
    }

    private static func scan(directory path: String, _ seen: inout Set<String>, _ contents: inout Contents) {
        guard let root = resolved(path), let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            contents.fault(path, "the directory cannot be read")
            return
        }
        let files = names.filter { !$0.hasPrefix(".") && ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml")) }.sorted()
        if files.isEmpty {
            contents.fault(path, "there is no *.yaml or *.yml in this directory", code: .noPolicies)
        }
        for name in files {
            guard contents.sources.count < fileLimit else {
                contents.fault(path, "more than \(fileLimit) files")
                return
            }
            let shown = path.hasSuffix("/") ? path + name : "\(path)/\(name)"
            guard let real = resolved(shown) else {
                contents.fault(shown, "the link leads nowhere")
                continue
            }
            guard real.hasPrefix(root == "/" ? root : root + "/") else {
                contents.fault(shown, "the link leads out of the directory")
                continue
            }
            if seen.insert(real).inserted { read(real, shownAs: shown, &contents) }
        }
    }

    private static func read(_ path: String, shownAs shown: String, _ contents: inout Contents) {
        switch bytes(of: path) {
        case .success(let bytes): contents.sources.append(PolicySource(path: shown, bytes: bytes))
        case .failure(let fault): contents.fault(shown, fault.message)
        }
    }

    /// Opened without waiting (a pipe would) and without following a link that was swapped in meanwhile. One byte more
    /// than the limit is read at most: the parser refuses by size.
    static func bytes(of path: String) -> Result<[UInt8], CalendarFiles.Unreadable> {
        // Foundation would look up the names of owner and group as well.
        let type = host_file_type(path)
        if type != 0, type != S_IFREG {
            return .failure(.init("this is not a file (a directory, pipe, socket or device)"))
        }
        let file = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else { return .failure(.init(reason(errno))) }
        defer { close(file) }
        let handle = FileHandle(fileDescriptor: file, closeOnDealloc: false)
        guard let data = try? handle.read(upToCount: PolicyLimits.fileBytes + 1) ?? Data() else {
            return .failure(.init("the file cannot be read to its end"))
        }
        return .success(Array(data))
    }

    static func resolved(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    static func reason(_ code: Int32) -> String {
        switch code {
        case ENOENT: "there is no such file or directory"
        case EACCES, EPERM: "no permission to read it"
        case ELOOP: "its links lead in a circle"
        default: String(cString: strerror(code))
        }
    }
}

extension PolicyDirectory.Contents {
    fileprivate mutating func fault(_ path: String, _ message: String, code: DiagnosticCode = .unreadableFile) {
        faults.append(Diagnostic(severity: .error, code: code, message: message, file: path))
    }
}
