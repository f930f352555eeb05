import HTTPTypes
import ModeCore

/// What the mode API answers instead of a result. The texts are the vendor's.
enum ModeAPIError: Error, Hashable, Sendable {
    case unexpectedMethod
    case missingHeaderName
    case missingService
    case invalidTarget
    case missingTarget
    case schemaNotFound
    case missingTargetFunction
    case notJSON
    /// The body breaks the schema, in one place or more.
    case schemaViolated([SchemaViolation])
    case modeRefused(ModeRefusal)
    /// There is nothing of that id or name, as far as the node can see. The property that says so is named.
    case notFound(String)
    case clusterRefused(ClusterRefusal)
    case payloadTooLarge
    case handlerException

    /// Why a call about membership can't be carried out.
    enum ClusterRefusal: String, Hashable, Sendable {
        /// The node is not part of a cluster, nor can it be.
        case standalone
        /// The node that is to be contacted does not run.
        case contactNotRunning = "contact_not_running"
    }

    var status: HTTPResponse.Status {
        switch self {
        case .payloadTooLarge: .contentTooLarge
        case .handlerException: .internalServerError
        default: .badRequest
        }
    }

    var body: JSONValue {
        switch self {
        case .unexpectedMethod: ["type": "UnexpectedMethod"]
        case .missingHeaderName: ["type": "MissingHeaderName"]
        case .missingService: ["error_type": "MissingService"]
        case .invalidTarget: ["error_type": "InvalidTarget"]
        case .missingTarget: ["error_type": "MissingTarget"]
        case .schemaNotFound: ["error_type": "SchemaNotFound"]
        case .missingTargetFunction: ["error_type": "MissingTargetFunction"]
        case .notJSON: ["error_type": "InvalidJSON", "error_reason": [["invalid": "parse"]]]
        case .schemaViolated(let violations):
            [
                "error_type": "InvalidJSON",
                "error_reason": .array(
                    violations.map { violation in
                        [
                            "invalid": "data", "error": .string(violation.kind.rawValue),
                            "path": .array(violation.path),
                        ]
                    }),
            ]
        case .modeRefused(let refusal): ["error_type": "ModeRefused", "error_reason": .string(refusal.rawValue)]
        case .notFound(let property): ["error_type": "NotFound", "error_reason": .string(property)]
        case .clusterRefused(let refusal): ["error_type": "ClusterRefused", "error_reason": .string(refusal.rawValue)]
        case .payloadTooLarge: ["error_type": "PayloadTooLarge"]
        case .handlerException: ["error_type": "HandlerException"]
        }
    }
}
