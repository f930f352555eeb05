import Daemon
import Foundation
import ModeCore
import Testing

@testable import Scheduling

/// What holds of a client and a node, whichever way leads from the one to the other.
struct ConformanceBehaviour: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var check: @Sendable (ConformanceNode) async throws -> Void

    init(_ description: String, _ check: @escaping @Sendable (ConformanceNode) async throws -> Void) {
        testDescription = description
        self.check = check
    }

    static let all: [ConformanceBehaviour] = [
        .init("one read says mode, counters and version", reading),
        .init("each mode is taken, echoed and shown", modes),
        .init("the mode that is there already is answered without a write", sameMode),
        .init("the same ChangeMode again is echoed again", sameChange),
        .init("the cluster's nodes are listed, where there is one", members),
        .init("one that is not connected stays in the list", absentMembers),
        .init("the readiness gate follows the mode, where there is one", gate),
        .init("only what reading permits is written", permissions),
        .init("what is not an operation is refused, and the mode stays", unknownOperations),
        .init("what is not a mode is refused, and the mode stays", faultyBodies),
        .init("nothing is sent to a node that nobody knows", unknownNode),
        .init("a node that was stopped is unreachable, and comes back normal", stoppedNode),
    ]

    @Sendable private static func reading(_ node: ConformanceNode) async throws {
        let seen = try await node.observation()
        #expect(seen.mode == .known(.normal))
        let load = try #require(seen.load)
        #expect(load.sessions >= 0 && load.sessions < .max && load.ongoingConnections >= 0)
        #expect(load.sessionsCreated >= load.sessionsDestroyed && load.connectionsCreated >= load.ongoingConnections)
        #expect(seen.version != nil)
        if let relays = node.relays { #expect(load.relays == relays) }
    }

    @Sendable private static func modes(_ node: ConformanceNode) async throws {
        #expect(await node.change(.blockNewSession) == .accepted)
        try await node.expectMode(.blockNewSession)
        #expect(await node.change(.blockNewConnection, written: .blockNewSession) == .accepted)
        try await node.expectMode(.blockNewConnection)
        #expect(await node.change(.normal, written: .blockNewConnection, cause: .release) == .accepted)
        try await node.expectMode(.normal)
        for mode in RequestableMode.allCases {
            let answer = try await node.ask("ChangeMode", #"{"mode":"\#(mode.rawValue)"}"#)
            #expect(answer.status == 200)
            #expect(answer.body.filter { !$0.isWhitespace } == #"{"mode":"\#(mode.rawValue)"}"#)
            let read = try await node.ask("GetMode")
            #expect(read.status == 200)
            #expect(read.body.filter { !$0.isWhitespace } == #"{"mode":"\#(mode.rawValue)"}"#)
        }
    }

    @Sendable private static func sameMode(_ node: ConformanceNode) async throws {
        #expect(await node.change(.normal) == .alreadyThere)
        #expect(await node.change(.blockNewSession) == .accepted)
        #expect(await node.change(.blockNewSession) == .alreadyThere)
        try await node.expectMode(.blockNewSession)
    }

    @Sendable private static func sameChange(_ node: ConformanceNode) async throws {
        for _ in 0..<2 {
            let answer = try await node.ask("ChangeMode", #"{"mode":"block_new_connection"}"#)
            #expect(answer.status == 200 && answer.body.contains("block_new_connection"))
        }
        try await node.expectMode(.blockNewConnection)
    }

    @Sendable private static func members(_ node: ConformanceNode) async throws {
        let seen = try await node.observation()
        guard node.isClustered else {
            #expect(seen.members?.contains { $0.name.description != node.id.name } != true, "it lists no others")
            return
        }
        let members = try #require(seen.members)
        #expect(members.count >= 2)
        #expect(Set(members.map(\.name)).count == members.count)
        #expect(members.contains { $0.isConnected })
        for member in members where member.isConnected { #expect(member.version != nil && member.epoch != nil) }
        for member in members where !member.isConnected { #expect(member.version == nil && member.epoch == nil) }
    }

    /// Whatever the release makes of a list that is asked for without a word: who counts for the majority is in it.
    @Sendable private static func absentMembers(_ node: ConformanceNode) async throws {
        guard let admin = node.admin, node.isClustered else { return }
        let before = try #require(try await node.observation().members)
        let other = try #require(before.map(\.name.description).first { $0 != node.id.name })
        #expect(try await post("\(admin)nodes/\(other)/stop", "{}").status < 300)
        for _ in 0..<2 {
            let after = try #require(try await node.observation().members)
            #expect(after.count == before.count)
            #expect(after.first { $0.name.description == other }?.isConnected == false)
        }
        #expect(try await post("\(admin)nodes/\(other)/start", "{}").status < 300)
    }

    @Sendable private static func gate(_ node: ConformanceNode) async throws {
        guard node.hasGate else {
            #expect(try await node.observation().ready == nil)
            return
        }
        #expect(try await node.observation().ready == true)
        #expect(await node.change(.blockNewConnection) == .accepted)
        #expect(try await node.observation().ready == !node.isClustered, "in a cluster a blocked node is not ready")
        #expect(await node.change(.normal, written: .blockNewConnection, cause: .release) == .accepted)
        #expect(try await node.observation().ready == true)
    }

    private struct Permission: Sendable {
        var mode: RequestableMode
        var target: RequestableMode
        var written: RequestableMode?
        var cause: ModeChange.Cause
        var answer: ModeChangeAnswer.Outcome
    }

    private static let permissionTable: [Permission] = [
        .init(mode: .normal, target: .blockNewSession, cause: .claim, answer: .accepted),
        .init(mode: .normal, target: .blockNewConnection, cause: .restarted, answer: .accepted),
        .init(mode: .blockNewSession, target: .blockNewConnection, cause: .claim, answer: .accepted),
        .init(
            mode: .blockNewConnection, target: .blockNewSession, cause: .claim,
            answer: .declined),
        .init(mode: .blockNewSession, target: .normal, cause: .claim, answer: .declined),
        .init(
            mode: .blockNewConnection, target: .normal, written: .blockNewSession, cause: .release,
            answer: .declined),
        .init(
            mode: .blockNewConnection, target: .blockNewSession, written: .blockNewConnection, cause: .claim,
            answer: .accepted),
        .init(mode: .blockNewSession, target: .normal, written: .blockNewSession, cause: .release, answer: .accepted),
        .init(mode: .normal, target: .normal, written: .blockNewSession, cause: .release, answer: .alreadyThere),
        .init(
            mode: .normal, target: .blockNewSession, written: .blockNewConnection, cause: .release,
            answer: .declined),
    ]

    @Sendable private static func permissions(_ node: ConformanceNode) async throws {
        for row in permissionTable {
            _ = try await node.ask("ChangeMode", #"{"mode":"\#(row.mode.rawValue)"}"#)
            let answer = await node.change(row.target, written: row.written, cause: row.cause)
            #expect(answer == row.answer, "\(row.mode) to \(row.target), written \(row.written as Any), \(row.cause)")
            try await node.expectMode(answer == .accepted ? row.target.mode : row.mode.mode)
        }
    }

    @Sendable private static func unknownOperations(_ node: ConformanceNode) async throws {
        _ = try await node.ask("ChangeMode", #"{"mode":"block_new_session"}"#)
        for (target, body) in [
            ("Sora_20211215.LoosenMode", nil), ("Sora_20211215.LoosenMode", #"{"mode":"normal"}"#),
            ("Other_20211215.ChangeMode", #"{"mode":"normal"}"#), ("Sora_2021.ChangeMode", #"{"mode":"normal"}"#),
            ("GetMode_", nil),
        ] {
            let answer = try await node.ask(target, body)
            #expect(answer.status == 400, "\(target)")
            #expect(answer.body.contains("type"), "\(target) says what is wrong: \(answer.body)")
        }
        try await node.expectMode(.blockNewSession)
    }

    @Sendable private static func faultyBodies(_ node: ConformanceNode) async throws {
        _ = try await node.ask("ChangeMode", #"{"mode":"block_new_session"}"#)
        for body in [
            "{", "[]", "{}", #"{"mode":7}"#, #"{"mode":null}"#, #"{"mode":"initial"}"#, #"{"mode":"open"}"#,
            #"{"mode":"NORMAL"}"#, #"{"Mode":"normal"}"#, #""normal""#, "mode=normal",
        ] {
            let answer = try await node.ask("ChangeMode", body)
            #expect(answer.status == 400, "\(body)")
            #expect(answer.body.contains("InvalidJSON"), "\(body): \(answer.body)")
        }
        #expect(try await node.ask("ChangeMode").status == 400, "no body")
        #expect(try await node.ask("GetMode", "{}").status == 400, "a body on a call without arguments")
        try await node.expectMode(.blockNewSession)
    }

    @Sendable private static func unknownNode(_ node: ConformanceNode) async throws {
        let nobody = NodeID(cluster: "elsewhere", name: "nobody")
        guard
            case .readFailed(nobody, .whole, _, .notSent(let reason)) =
                await node.client.read(nobody, .whole, at: node.address)
        else {
            Issue.record("a node of a cluster that nobody knows was read")
            return
        }
        #expect(reason == "no settings are known for the cluster elsewhere")
        let change = ModeChange(
            id: 1, node: nobody, target: .blockNewSession, cause: .claim, written: nil, notAfter: noLimit)
        guard case .notSent = await node.client.change(change, to: node.address).outcome else {
            Issue.record("something was sent to nobody")
            return
        }
    }

    @Sendable private static func stoppedNode(_ node: ConformanceNode) async throws {
        // Only our own servers can be told to stop.
        guard let admin = node.admin else { return }
        #expect(await node.change(.blockNewSession) == .accepted)
        #expect(try await post("\(admin)nodes/\(node.id.name)/stop", "{}").status < 300)
        guard case .unreachable? = await node.failure else {
            Issue.record("a stopped node was read")
            return
        }
        guard case .notSent = await node.change(.blockNewConnection) else {
            Issue.record("something was sent to a stopped node")
            return
        }
        #expect(try await post("\(admin)nodes/\(node.id.name)/start", "{}").status < 300)
        #expect(await NagiBinary.eventually { await node.isNormal }, "a mode does not outlive its process")
    }
}

extension ConformanceNode {
    fileprivate var isNormal: Bool { get async { (try? await observation().mode) == .known(.normal) } }
}

/// One suite for every way to a node. The order is that of the list: another server has one mode for all of them.
@Suite(.serialized) struct ClientConformanceTests {
    @Test(arguments: ConformanceSubject.allCases, ConformanceBehaviour.all)
    func `a node behaves, whichever way leads to it`(
        subject: ConformanceSubject, behaviour: ConformanceBehaviour
    ) async throws {
        if let obstacle = subject.obstacle {
            if behaviour.testDescription == ConformanceBehaviour.all[0].testDescription {
                print("skipped: \(obstacle)")
            }
            return
        }
        try await subject.open(behaviour.check)
    }
}
