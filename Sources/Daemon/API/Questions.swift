import Dispatch
import Foundation
import Hummingbird
import Primitives
import Scheduling

/// The routes that ask the controller one thing: why a node or a run is as it is, now or in the past, and whether nodes may go.
struct Questions: Sendable {
    /// Nodes of one question.
    private static let nodeLimit = 1_000
    /// How many may be looked for.
    private static let mostLimit = 100

    let board: StatusBoard
    let ask: @Sendable (Question) async -> Result<QuestionAnswer, LeverRefusal>
    /// Knows the past; nil: nobody does.
    let journal: JournalReader?
    /// One question about the past at a time.
    private let past = DispatchQueue(label: "past")

    init(
        board: StatusBoard, ask: @escaping @Sendable (Question) async -> Result<QuestionAnswer, LeverRefusal>,
        journal: JournalReader?
    ) {
        (self.board, self.ask, self.journal) = (board, ask, journal)
    }

    func add(to router: Router<CallerContext>) {
        router.get("/v1/explain") { request, _ in
            guard let name = request.uri.queryParameters["of"] else {
                throw APIError(
                    .badRequest, "incomplete", "of is missing", hint: "for example /v1/explain?of=node-01")
            }
            return try await explain(String(name), at: request.uri.queryParameters["at"].map(String.init))
        }
        router.get("/v1/nodes/:cluster/:node") { request, context in
            let name = try context.parameters.require("cluster") + "/" + context.parameters.require("node")
            return try await explain(
                name.removingPercentEncoding ?? name, at: request.uri.queryParameters["at"].map(String.init),
                isNode: true)
        }
        router.get("/v1/ok-to-stop") { request, context in
            let names = request.uri.queryParameters.getAll("node")
            guard !names.isEmpty else {
                throw APIError(
                    .badRequest, "incomplete", "node is missing", hint: "for example /v1/ok-to-stop?node=node-01&max=3")
            }
            guard names.count <= Self.nodeLimit else {
                throw APIError(.badRequest, "invalid-value", "there are more than \(Self.nodeLimit) nodes")
            }
            try ActionDocument.checkLength(of: names.map { String($0) })
            let most = try request.uri.queryParameters["max"].map { text in
                guard let most = Int(text), (1...Self.mostLimit).contains(most) else {
                    throw APIError(
                        .badRequest, "invalid-value",
                        "max: \"\(text.prefix(80))\" is no number from 1 to \(Self.mostLimit)")
                }
                return most
            }
            let actor = context.user ?? "somebody"
            // Without a number none is looked for but those that are named, however often one of them is.
            return try answer(await ask(.okToStop(names.map { String($0) }, most: most ?? 0, by: actor)))
        }
    }

    /// - Parameter isNode: nothing but a node is meant.
    private func explain(_ name: String, at text: String?, isNode: Bool = false) async throws -> Response {
        try ActionDocument.checkLength(of: [name])
        func said(_ result: Result<QuestionAnswer, LeverRefusal>) throws -> Response {
            switch result {
            case .success(.run) where isNode, .success(.policy) where isNode: throw Self.noNode(name)
            case .success(.node(let found)) where isNode && !found.node.isCalled(name): throw Self.noNode(name)
            case .failure(let refusal) where isNode && refusal.code == .unknownRun: throw Self.noNode(name)
            default: return try answer(result)
            }
        }
        guard let text else { return try said(await ask(.explain(name))) }
        let zone = board.content.zone
        let at: Timestamp
        do throws(PastInstant.Fault) {
            at = try PastInstant(zone: zone, now: HostClock.now().wall).instant(text)
        } catch {
            throw APIError(
                .badRequest, "invalid-value",
                error == .ambiguous
                    ? "the policies are in several zones: \(text.prefix(80)) needs an offset"
                    : "at: \"\(text.prefix(80))\" is no instant",
                hint: PastInstant.hint)
        }
        guard at <= HostClock.now().wall else {
            throw APIError(.badRequest, "invalid-value", "\(zone.text(at)) is not past", hint: "nagi plan looks ahead")
        }
        guard let ledger = try await journal?.ledger(at: at) else {
            throw APIError(
                .notFound, "unknown-past", "the journal does not reach back to \(zone.text(at))",
                hint: "nagi history shows where it begins")
        }
        return try said(await recalled(name, ledger, at))
    }

    private static func noNode(_ name: String) -> APIError {
        APIError(.notFound, "unknown-node", "there is no node \(name.prefix(80))", hint: "nagi status lists them")
    }

    /// Away from the threads on which the loop decides: a large past takes its time.
    private func recalled(
        _ name: String, _ ledger: Ledger, _ at: Timestamp
    ) async -> Result<QuestionAnswer, LeverRefusal> {
        await withCheckedContinuation { continuation in
            past.async {
                let controller = Controller(recalling: ledger, at: at)
                do throws(LeverRefusal) {
                    var answer = try controller.answer(.explain(name), at: controller.moment(at: at))
                    answer.becomePast()
                    continuation.resume(returning: .success(answer))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
    }

    private func answer(_ result: Result<QuestionAnswer, LeverRefusal>) throws -> Response {
        let zone = board.content.zone
        switch result {
        case .success(.node(let explanation)): return json(NodeDocument(explanation, zone: zone))
        case .success(.run(let explanation)): return json(RunExplanationDocument(explanation, zone: zone))
        case .success(.policy(let explanation)): return json(PolicyExplanationDocument(explanation, zone: zone))
        case .success(.stop(let answer)): return json(StopDocument(answer, zone: zone))
        case .failure(let refusal): throw APIError(refusal)
        }
    }
}

extension NodeID {
    /// By its whole name, or what stands before its address: a part of it is for people.
    fileprivate func isCalled(_ id: String) -> Bool {
        let own = id.split(separator: "/", maxSplits: 1).last.map(String.init) ?? id
        return name == own || name.prefix { $0 != "@" } == own
    }
}
