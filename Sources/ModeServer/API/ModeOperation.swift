import ModeCore

/// The operations of the mode API that a served node knows, by their targets.
enum ModeOperation: String, Sendable, CaseIterable {
    case changeMode = "Sora_20211215.ChangeMode"
    case getMode = "Sora_20211215.GetMode"
    case listClusterNodes = "Sora_20211215.ListClusterNodes"
    case listConnections = "Sora_20201013.ListConnections"
    case listChannelConnections = "Sora_20201013.ListChannelConnections"
    case listSessions = "Sora_20231220.ListSessions"
    case terminateSession = "Sora_20230628.TerminateSession"
    case disconnectChannel = "Sora_20151104.DisconnectChannel"
    case disconnectConnection = "Sora_20151104.DisconnectConnection"
    case disconnectClient = "Sora_20151104.DisconnectClient"
    case getStatsReport = "Sora_20171010.GetStatsReport"
    case getLicense = "Sora_20171218.GetLicense"
    case initCluster = "Sora_20221221.InitCluster"
    case registerClusterNode = "Sora_20211215.RegisterClusterNode"

    static let service = "Sora"

    /// - Parameter profile: of the node that is asked.
    func body(_ profile: ModeProfile) -> BodyRule {
        switch self {
        case .changeMode: .required(BodySchema(.required("mode", .word(RequestableMode.allCases.map(\.rawValue)))))
        case .getMode, .listSessions, .getStatsReport, .getLicense: .none
        case .listClusterNodes:
            profile.knownNodes == .listed ? .none : .optional(BodySchema(.optional(Self.allKnownNodes, .boolean)))
        case .listConnections: .optional(BodySchema(.optional("local", .boolean)))
        case .listChannelConnections: .required(BodySchema(Self.channel))
        case .terminateSession:
            .required(BodySchema(Self.channel, .optional("session_id", Self.id), .optional("reason", .object)))
        case .disconnectChannel: .required(BodySchema(Self.channel, .optional("reason", .object)))
        case .disconnectConnection:
            .required(BodySchema(Self.channel, .required("connection_id", Self.id), .optional("reason", .object)))
        case .disconnectClient:
            .required(BodySchema(Self.channel, .required("client_id", Self.id), .optional("reason", .object)))
        case .initCluster:
            .required(BodySchema(.required("node_name_list", .strings(1...ModeServerSettings.maxNodes))))
        case .registerClusterNode: .required(BodySchema(.required("contact_node_name", .string(1...255))))
        }
    }

    static let allKnownNodes = "include_all_known_nodes"
    private static let channel = BodySchema.Property.required("channel_id", id)
    private static let id = BodySchema.Shape.string(1...255)

    /// The name without service and date, as fault switches use it.
    var name: String { String(rawValue.drop { $0 != "." }.dropFirst()) }

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
