import Foundation
import Hummingbird
import Primitives
import Scheduling

/// The routes that ask the controller one thing: why a node or a run is as it is, now or in the past, and whether nodes may go.
struct Questions: Sendable {
    /// Nodes of one question.
    private static let nodeLimit = 1_000

    let board: StatusBoard
    let ask: @Sendable (Question) async -> Result<QuestionAnswer, LeverRefusal>
    /// Knows the past; nil: nobody does.
    let journal: JournalReader?

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
                name.removingPercentEncoding ?? name, at: request.uri.queryParameters["at"].map(String.init))
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
            let most = try request.uri.queryParameters["max"].map { text in
                guard let most = Int(text), (1...Self.nodeLimit).contains(most) else {
                    throw APIError(
                        .badRequest, "invalid-value", "max is \(text.prefix(80))",
                        hint: "a number from 1 to \(Self.nodeLimit)")
                }
                return most
            }
            let actor = context.user ?? "somebody"
            return try answer(await ask(.okToStop(names.map { String($0) }, most: most ?? names.count, by: actor)))
        }
    }

    private func explain(_ name: String, at text: String?) async throws -> Response {
        guard let text else { return try answer(await ask(.explain(name))) }
        let zone = board.content.zone
        guard let at = zone.pastInstant(text, before: HostClock.now().wall), !zone.isLocal(text) || !zone.isAmbiguous
        else {
            throw APIError(
                .badRequest, "invalid-value", "at is \(text.prefix(80))",
                hint:
                    "an instant of the past like 2026-11-29T02:20:00+09:00, or 02:20 for the last time it was that late"
            )
        }
        guard let ledger = try await journal?.ledger(at: at) else {
            throw APIError(
                .notFound, "unknown-past", "the journal does not reach back to \(zone.text(at))",
                hint: "nagi history shows where it begins")
        }
        let controller = Controller(recalling: ledger, at: at)
        let result: Result<QuestionAnswer, LeverRefusal>
        do throws(LeverRefusal) {
            result = .success(try controller.answer(.explain(name), at: controller.moment(at: at)))
        } catch {
            result = .failure(error)
        }
        return try answer(result)
    }

    private func answer(_ result: Result<QuestionAnswer, LeverRefusal>) throws -> Response {
        let zone = board.content.zone
        switch result {
        case .success(.node(let explanation)): return json(NodeDocument(explanation, zone: zone))
        case .success(.run(let explanation)): return json(RunExplanationDocument(explanation, zone: zone))
        case .success(.stop(let answer)): return json(StopDocument(answer, zone: zone))
        case .failure(let refusal): throw APIError(refusal)
        }
    }
}
