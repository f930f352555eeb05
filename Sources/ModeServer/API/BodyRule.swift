import NIOCore

/// What a call wants as its body.
enum BodyRule: Sendable {
    /// The call is made without one; a body is an error.
    case none
    /// A call without one means the empty object.
    case optional(BodySchema)
    case required(BodySchema)

    /// The arguments of a call, `{}` of one without; what is wrong with them otherwise.
    func arguments(in body: ByteBuffer) throws(ModeAPIError) -> JSONValue {
        let isEmpty = body.readableBytes == 0
        switch self {
        case .none:
            guard isEmpty else { throw .missingTargetFunction }
            return [:]
        case .optional(let schema), .required(let schema):
            guard isEmpty else { return try schema.arguments(in: body) }
            guard case .optional = self else { throw .missingTargetFunction }
            return [:]
        }
    }
}

extension BodySchema {
    fileprivate func arguments(in body: ByteBuffer) throws(ModeAPIError) -> JSONValue {
        guard let value = JSONValue.parse(body.readableBytesView) else { throw .notJSON }
        let violations = violations(in: value)
        guard violations.isEmpty else { throw .schemaViolated(violations) }
        return value
    }
}
