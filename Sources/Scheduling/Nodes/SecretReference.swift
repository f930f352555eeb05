/// Where a secret is to be read.
package enum SecretReference: Hashable, Sendable, Codable {
    case environment(String)
    case file(String)
}
