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
    /// The body breaks the schema at this path.
    case schemaViolated(SchemaViolation)
    case modeRefused(ModeRefusal)
    case payloadTooLarge
    case handlerException

    struct SchemaViolation: Hashable, Sendable {
        enum Kind: String, Sendable {
            case wrongType = "wrong_type"
            case notInEnum = "not_in_enum"
            case missingProperty = "missing_required_property"
        }

        var kind: Kind
        var path: [String]
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
        case .schemaViolated(let violation):
            [
                "error_type": "InvalidJSON",
                "error_reason": [
                    [
                        "invalid": "data", "error": .string(violation.kind.rawValue),
                        "path": .array(violation.path.map(JSONValue.string)),
                    ]
                ],
            ]
        case .modeRefused(let refusal): ["error_type": "ModeRefused", "error_reason": .string(refusal.rawValue)]
        case .payloadTooLarge: ["error_type": "PayloadTooLarge"]
        case .handlerException: ["error_type": "HandlerException"]
        }
    }
}
