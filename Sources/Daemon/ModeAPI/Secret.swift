import Foundation
import Scheduling

/// Where the values are that policies refer to. They are never printed: errors name the reference only.
struct SecretSource: Sendable {
    /// A value longer than this is a mistake, not a header.
    static let maxBytes = 8192

    /// Where relative file names start.
    var directory: String
    var environment: [String: String]

    struct Missing: Error, Hashable, CustomStringConvertible {
        var description: String
    }

    /// Opens a file where the reference names one: not for the control loop, since a disk may be slow.
    func read(_ reference: SecretReference) throws(Missing) -> String {
        let value: String
        switch reference {
        case .environment(let name):
            guard let text = environment[name] else {
                throw Missing(description: "the environment variable \(name) is not set")
            }
            value = text
        case .file(let name):
            value = try file(path(of: name))
        }
        let trimmed = value.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !trimmed.isEmpty, trimmed.utf8.count <= SecretSource.maxBytes,
            trimmed.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { throw Missing(description: "the value of \(reference) is empty or has characters that no header takes") }
        return trimmed
    }

    /// Why it cannot be read; nil: it can.
    func fault(of reference: SecretReference) -> Missing? {
        do throws(Missing) {
            _ = try read(reference)
            return nil
        } catch {
            return error
        }
    }

    /// Of a file that a reference names.
    func path(of name: String) -> String { name.hasPrefix("/") ? name : directory + "/" + name }

    private func file(_ path: String) throws(Missing) -> String {
        do {
            // Secrets that a cluster's keeper mounts are links.
            guard let bytes = try DurableFile.read(path, limit: SecretSource.maxBytes, followsLinks: true) else {
                throw Missing(description: "the file \(path) does not exist")
            }
            return String(decoding: bytes, as: UTF8.self)
        } catch let error as DurableFile.Failure {
            throw Missing(description: "the file \(path) cannot be read: \(error)")
        } catch let error as Missing {
            throw error
        } catch {
            throw Missing(description: "the file \(path) cannot be read")
        }
    }
}
