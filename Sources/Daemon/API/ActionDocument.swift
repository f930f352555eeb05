import Foundation
import HTTPTypes
import ModeCore
import NIOCore
import PolicyFile
import Primitives
import Scheduling

/// A lever as JSON: the body of `POST /v1/actions`, and its answer.
///
/// `for` is a length (`4h`) or `ever`; `until` an instant, RFC 3339, local time of the policies' zone, or a time of day for the
/// next time that it is.
package struct ActionDocument: Codable, Hashable, Sendable {
    package var action: String
    package var node: String?
    package var nodes: [String]?
    /// Every node, instead of one.
    package var all: Bool?
    package var run: String?
    /// Of `resume`: a run or a node, whichever is called so; a word that means both is refused.
    package var target: String?
    package var policy: String?
    /// `window`, `exclusion` or `gate`.
    package var ignore: String?
    package var mode: String?
    package var `for`: String?
    package var until: String?
    package var restore: Bool?
    package var force: Bool?
    package var reason: String?

    package init(_ action: LeverOrder.Action) {
        self.action = action.rawValue
    }

    /// - Throws: `Fault` with what is wrong.
    init(json: ByteBuffer) throws {
        let json = Data(json.readableBytesView)
        let object = try? JSONSerialization.jsonObject(with: json)
        guard let fields = object as? [String: Any] else { throw Fault("it is not a JSON object") }
        let known = CodingKeys.allCases.map(\.stringValue)
        if let other = fields.keys.sorted().first(where: { !known.contains($0) }) {
            throw Fault("there is no \(other.prefix(40)); there are \(known.joined(separator: ", "))")
        }
        do {
            self = try JSONDecoder().decode(ActionDocument.self, from: json)
        } catch DecodingError.keyNotFound(let key, _) {
            throw Fault("\(key.stringValue) is missing")
        } catch DecodingError.typeMismatch(_, let context) {
            throw Fault("\(context.codingPath.last?.stringValue ?? "a value") is of another type")
        }
    }

    struct Fault: Error, CustomStringConvertible {
        var description: String

        init(_ description: String) {
            self.description = description
        }
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case action, node, nodes, all, run, target, policy, ignore, mode, `for`, until, restore, force, reason
    }

    package struct Answer: Codable, Hashable, Sendable {
        package var ok: Bool
        package var id: Int
        package var action: String
        package var text: String
        @Nullable package var until: String?
        @Nullable package var undo: String?
        /// Nodes that it left out, as a command runs there.
        package var left: [String]
    }

    /// Longest reason in bytes.
    static let reasonLimit = 500
    /// Longest name of a node, run or policy in bytes.
    static let nameLimit = 600
    /// Most nodes of one order.
    static let nodeLimit = 1_000
    /// Longest key in bytes.
    static let keyLimit = 100
    /// The longest time that anything is wanted for; else it is for ever.
    private static let longest = Duration.days(366)

    /// - Throws: `APIError` where a value means nothing.
    func order(_ zone: DisplayZone, now: Timestamp) throws(APIError) -> LeverOrder {
        guard let action = LeverOrder.Action(rawValue: action) else {
            throw Self.wrong(
                "action", action, "one of \(LeverOrder.Action.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        try checkFields(of: action)
        var order = LeverOrder(action)
        (order.node, order.run, order.policy, order.target) = (node, run, policy, target)
        order.nodes = nodes ?? []
        order.isOfAll = all ?? false
        (order.givesBack, order.isForced) = (restore ?? false, force ?? false)
        // One of blanks is none: it would stand in the journal as `by root (   )`.
        order.reason = reason.flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 } ?? ""
        guard order.reason.utf8.count <= Self.reasonLimit else {
            throw APIError(.badRequest, "invalid-value", "the reason is longer than \(Self.reasonLimit) bytes")
        }
        if let mode {
            guard let mode = RequestableMode(rawValue: mode) else {
                throw Self.wrong(
                    "mode", mode, "one of \(RequestableMode.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            order.mode = mode
        }
        guard order.nodes.count <= Self.nodeLimit else {
            throw APIError(.badRequest, "invalid-value", "there are more than \(Self.nodeLimit) nodes")
        }
        if let ignore {
            guard let ignored = Ignorable(rawValue: ignore) else {
                throw Self.wrong(
                    "ignore", ignore, "one of \(Ignorable.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            order.ignored = ignored
        }
        guard self.for == nil || until == nil else {
            throw APIError(.badRequest, "invalid-value", "for and until: one of them is enough")
        }
        switch self.for {
        case nil: break
        case "ever"?: order.isForEver = true
        case let text?:
            guard let length = Duration(text), length > .zero, length <= Self.longest else {
                throw Self.wrong("for", text, "a length like 90m or 4h, at most \(Self.longest.written), or ever")
            }
            order.length = length
        }
        if let until {
            do throws(PastInstant.Fault) {
                order.until = try PastInstant(zone: zone, now: now).coming(until)
            } catch {
                let what = "an instant: 02:00 for the next time, 2026-11-29T04:00 or 2026-11-29T04:00:00+09:00"
                guard error == .ambiguous else { throw Self.wrong("until", until, what) }
                throw APIError(
                    .badRequest, "invalid-value",
                    "until: \"\(until.prefix(80))\" needs an offset, as the policies are in several zones",
                    hint: "for example 2026-11-29T04:00:00+09:00")
            }
        }
        return order
    }

    /// What an order does not take may mean something else to whoever sends it: it is refused, never left out.
    private func checkFields(of action: LeverOrder.Action) throws(APIError) {
        let taken: Set<String> =
            switch action {
            case .hold: ["node", "mode", "for", "until", "force"]
            case .release: ["node", "all", "force"]
            case .reserve: ["nodes", "for", "until"]
            case .pause: ["run", "restore", "for", "until"]
            case .resume: ["run", "node", "target"]
            case .abort: ["run"]
            case .approve: ["run", "node"]
            case .skip: ["run", "node"]
            case .retry: ["run", "node", "force"]
            case .force: ["run", "ignore"]
            case .start: ["policy"]
            }
        let given: [(String, Bool)] = [
            ("node", node != nil), ("nodes", nodes != nil), ("all", all != nil), ("run", run != nil),
            ("target", target != nil), ("policy", policy != nil), ("ignore", ignore != nil), ("mode", mode != nil),
            ("for", `for` != nil),
            ("until", until != nil), ("restore", restore != nil), ("force", force != nil),
        ]
        if let (name, _) = given.first(where: { $0.1 && !taken.contains($0.0) }) {
            throw APIError(
                .badRequest, "invalid-value", "\(action.rawValue) takes no \(name)",
                hint: "it takes \(taken.sorted().joined(separator: ", ")) and reason")
        }
        if all == true, node != nil {
            throw APIError(.badRequest, "invalid-value", "node and all: one of them is enough")
        }
        if action == .resume, [node, run, target].count(where: { $0 != nil }) > 1 {
            throw APIError(.badRequest, "invalid-value", "node, run and target: one of them is enough")
        }
        try Self.checkLength(of: [node, run, target, policy].compactMap(\.self) + (nodes ?? []))
    }

    /// Nothing has a longer name.
    static func checkLength(of names: [String]) throws(APIError) {
        guard let long = names.first(where: { $0.utf8.count > nameLimit }) else { return }
        throw APIError(
            .badRequest, "invalid-value", "the name \(long.prefix(40))… is longer than \(nameLimit) bytes")
    }

    private static func wrong(_ field: String, _ text: String, _ wanted: String) -> APIError {
        APIError(.badRequest, "invalid-value", "\(field): \"\(text.prefix(80))\" is not \(wanted)")
    }
}

extension ActionDocument.Answer {
    init(_ answer: LeverAnswer, _ zone: DisplayZone) {
        ok = true
        id = answer.id
        action = answer.action.rawValue
        text = answer.text
        until = answer.until.map(zone.text)
        undo = answer.undo
        left = answer.left.map(\.description)
    }
}

extension APIError {
    init(_ refusal: LeverRefusal) {
        switch refusal.code {
        case .unknownNode, .unknownRun, .unknownPolicy:
            self.init(.notFound, refusal.code.rawValue, refusal.message, hint: refusal.hint)
        case .ambiguous, .incomplete:
            self.init(.badRequest, refusal.code.rawValue, refusal.message, hint: refusal.hint)
        case .nothingToDo, .commandRunning, .overBudget, .nodeTaken, .notNow, .keyUsed:
            self.init(.conflict, refusal.code.rawValue, refusal.message, hint: refusal.hint)
        case .unavailable:
            self.init(.serviceUnavailable, refusal.code.rawValue, refusal.message, hint: refusal.hint)
        }
    }
}
