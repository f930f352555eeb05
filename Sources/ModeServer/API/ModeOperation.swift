/// The operations of the mode API that a served node knows, by their targets.
enum ModeOperation: String, Sendable, CaseIterable {
    case changeMode = "Sora_20211215.ChangeMode"
    case getMode = "Sora_20211215.GetMode"
    case listClusterNodes = "Sora_20211215.ListClusterNodes"
    case getStatsReport = "Sora_20171010.GetStatsReport"

    static let service = "Sora"

    /// The name without service and date, as fault switches use it.
    var name: String { String(rawValue.drop { $0 != "." }.dropFirst()) }

    var takesBody: Bool { self == .changeMode }

    /// Finds the operation of a target. What is wrong with the target depends on whether the request has a body.
    static func resolve(_ target: String, hasBody: Bool) -> Result<ModeOperation, ModeAPIError> {
        if let operation = ModeOperation(rawValue: target) { return .success(operation) }
        guard let service = wellFormedService(target) else { return .failure(.missingService) }
        guard service == Self.service else { return .failure(.invalidTarget) }
        return .failure(hasBody ? .schemaNotFound : .missingTarget)
    }

    /// The service of a target that reads `Letters_yyyymmdd.Letters`; nil of any other text.
    private static func wellFormedService(_ target: String) -> Substring? {
        let parts = target.split(separator: "_", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, isLetters(parts[0]) else { return nil }
        let rest = parts[1].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard rest.count == 2, rest[0].utf8.count == 8, isLetters(rest[1]) else { return nil }
        guard rest[0].utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return parts[0]
    }

    private static func isLetters(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20)
            }
    }
}
