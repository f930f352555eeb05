import Foundation
import ModeCore
import ModeServer
import Testing

/// What differs between releases in the answers of ListClusterNodes and GetStatsReport.
@Suite(.timeLimit(.minutes(1))) struct KnownNodesTests {
    private static let list = "Sora_20211215.ListClusterNodes"

    /// How many of three nodes are listed while one is stopped; nil: the call is refused.
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var profile: ModeProfile
        var plain: Int?
        var wanted: Int?
        var declined: Int?
        var relays: Bool
    }

    @Test(arguments: [
        Row(testDescription: "as the manual says", profile: .current, plain: 3, wanted: 3, declined: 2, relays: false),
        Row(testDescription: "2021", profile: .firstRelease, plain: 3, wanted: nil, declined: nil, relays: false),
        Row(testDescription: "2023", profile: .release2023, plain: 2, wanted: 3, declined: 2, relays: false),
        Row(testDescription: "relay", profile: .relay, plain: 2, wanted: 3, declined: 2, relays: true),
    ])
    func `who is not connected is listed, or has to be asked for`(row: Row) async throws {
        let settings = ModeServerSettings(nodeCount: 3, isClustered: true, adminPort: 0, profile: row.profile)
        _ = try await serving(settings) { served in
            #expect(try await relayed(served) == (row.relays ? ["node-02@127.0.0.1", "node-03@127.0.0.1"] : nil))
            _ = try await send(try served.admin("nodes/node-03@127.0.0.1/stop"))
            for (body, count) in [
                (nil, row.plain), ("{}", row.wanted == nil ? nil : row.plain),
                (#"{"include_all_known_nodes":true}"#, row.wanted),
                (#"{"include_all_known_nodes":false}"#, row.declined),
            ] {
                let answer = try await send(served.api(), target: Self.list, body: body)
                #expect(answer.status == (count == nil ? 400 : 200), "\(body ?? "no body")")
                if let count {
                    #expect(answer.body.components(separatedBy: "node_name").count - 1 == count, "\(body ?? "no body")")
                }
            }
            let wrong = try await send(served.api(), target: Self.list, body: #"{"include_all_known_nodes":"yes"}"#)
            #expect(wrong.status == 400)
            #expect(try await relayed(served) == (row.relays ? ["node-02@127.0.0.1"] : nil))
        }
    }

    /// The names in `cluster_relay`; nil: the report has none.
    private func relayed(_ served: Served) async throws -> [String]? {
        let report = try await send(served.api(), target: "Sora_20171010.GetStatsReport").body
        guard let start = report.range(of: #""cluster_relay":"#) else { return nil }
        return report[start.upperBound...].components(separatedBy: #""node_name":""#).dropFirst().map {
            String($0.prefix { $0 != "\"" })
        }
    }
}
