import Foundation
import Scheduling

/// Reads what a policy refers to. Values are never printed: errors name the reference only.
enum Secret {
    /// A value longer than this is a mistake, not a header.
    static let maxBytes = 8192

    struct Missing: Error, Hashable, CustomStringConvertible {
        var description: String
    }

    /// - Parameter directory: where relative file names start.
    static func read(
        _ reference: SecretReference, directory: String, environment: [String: String]
    ) throws(Missing) -> String {
        let value: String
        switch reference {
        case .environment(let name):
            guard let text = environment[name] else {
                throw Missing(description: "the environment variable \(name) is not set")
            }
            value = text
        case .file(let name):
            let path = name.hasPrefix("/") ? name : directory + "/" + name
            do {
                guard let bytes = try DurableFile.read(path, limit: maxBytes) else {
                    throw Missing(description: "the file \(path) does not exist")
                }
                value = String(decoding: bytes, as: UTF8.self)
            } catch let error as DurableFile.Failure {
                throw Missing(description: "the file \(path) cannot be read: \(error)")
            } catch let error as Missing {
                throw error
            } catch {
                throw Missing(description: "the file \(path) cannot be read")
            }
        }
        let trimmed = value.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !trimmed.isEmpty, trimmed.utf8.count <= maxBytes,
            trimmed.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { throw Missing(description: "the value of \(reference) is empty or has characters that no header takes") }
        return trimmed
    }
}
