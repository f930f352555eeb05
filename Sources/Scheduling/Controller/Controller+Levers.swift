import ModeCore
import Primitives

/// What an operator does by hand. A lever is checked whole before the first fact is decided: what is refused changes nothing.
extension Controller {
    mutating func take(_ pull: Pull, ticket: Int, _ turn: inout Turn) {
        do throws(LeverRefusal) {
            turn.act(.answer(ticket, .success(try pulled(pull, &turn))))
        } catch {
            turn.act(.answer(ticket, .failure(error)))
        }
    }

    private mutating func pulled(_ pull: Pull, _ turn: inout Turn) throws(LeverRefusal) -> LeverAnswer {
        if let earlier = ledger.pulls.last(where: { $0.pull.key != nil && $0.pull.key == pull.key }) {
            guard earlier.pull == pull else {
                throw LeverRefusal(
                    .keyUsed,
                    "this key was used \(earlier.pull.order == pull.order ? "by somebody else" : "for another order") "
                        + "(\(earlier.answer.action.rawValue), number \(earlier.id))",
                    hint: "take a new key for each order")
            }
            return earlier.answer
        }
        let lever = try lever(of: pull.order, turn.now.wall)
        if ledger.isObserving, lever.changesNodes, !endsOnlyWord(lever) {
            throw LeverRefusal(
                .notNow, "this daemon only observes: it sends nothing and runs no command",
                hint: "start it without --observe-only")
        }
        let by = Person(actor: pull.actor, reason: pull.order.reason, isForced: pull.order.isForced)
        let isOfObservedRun = isOfObservedRun(lever)
        var answer = try perform(lever, by, &turn)
        if isOfObservedRun { answer.text += ". This daemon only observes: that ends with the run, when one acts" }
        answer.id = ledger.lastPull + 1
        decide(.leverPulled(PulledLever(id: answer.id, pull: pull, lever: lever, answer: answer)), &turn)
        return answer
    }

    /// What it does is forgotten with a run that is only observed.
    private func isOfObservedRun(_ lever: Lever) -> Bool {
        guard ledger.isObserving else { return false }
        if case .start = lever { return true }
        return lever.run.flatMap { ledger.slot(of: $0) }.flatMap { ledger.header($0) }?.isObserved ?? false
    }

    /// It ends a person's word that asks nothing of the node, and there is nothing else of nagi's on it.
    private func endsOnlyWord(_ lever: Lever) -> Bool {
        let id: NodeID
        switch lever {
        case .release(let node), .resumeNode(let node): id = node
        default: return false
        }
        guard let node = ledger.index(of: id) else { return false }
        switch ledger[node].hold?.wish {
        case .handsOff?, .reserved?:
            return ledger[node].written == nil && ledger[node].open == nil && ledger[node].failedStay == nil
                && fleet[seat: node].working.isEmpty
        case .mode?, .keepOpen?, nil: return false
        }
    }

    /// Whose word it is.
    struct Person {
        var actor: String
        var reason: String
        var isForced: Bool

        var text: String { Hold.text(by: actor, reason) }
    }

    private mutating func perform(
        _ lever: Lever, _ by: Person, _ turn: inout Turn
    ) throws(LeverRefusal) -> LeverAnswer {
        switch lever {
        case .hold(let node, let wish, let until): try hold(index(of: node), wish, until: until, by, &turn)
        case .release(let node): try release(index(of: node), by, &turn)
        case .releaseAll: releaseAll(by, &turn)
        case .reserve(let nodes, let until): try reserve(nodes, until: until, by, &turn)
        case .pause(let run, let givesBack, let until):
            try pause(run, givesBack: givesBack, until: until, by, &turn)
        case .resume(nil): try resumeAll(&turn)
        case .resume(let run?): try resume(slot(of: run), &turn)
        case .resumeNode(let node): try resume(index(of: node), by, &turn)
        case .abort(let run): try abort(slot(of: run), by, &turn)
        case .approve(let run, let node): try approve(slot(of: run), node, by, &turn)
        case .skip(let run, let node): try skip(slot(of: run), node, by, &turn)
        case .retry(let run, let node): try retry(run, index(of: node), by, &turn)
        case .force(let run, let ignored): try force(slot(of: run), ignored, by, &turn)
        case .start(let policy): try start(policy, &turn)
        }
    }
}
