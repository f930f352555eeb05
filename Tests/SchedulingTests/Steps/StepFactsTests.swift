import Testing

@testable import Scheduling

/// What is told about a node: to programs as variables, to addresses by placeholders.
struct StepFactsTests {
    static let labels = Row.table(
        """
        label           variable
        zone            NAGI_LABEL_ZONE
        media.tier      NAGI_LABEL_MEDIA_TIER
        a-b/c           NAGI_LABEL_A_B_C
        rack2           NAGI_LABEL_RACK2
        地域            NAGI_LABEL___
        """)

    @Test(arguments: labels) func `a label is a variable`(row: Row) throws {
        let node = ClusterNode(
            name: "n", api: "http://192.0.2.1:3000/", labels: [try row.text("label"): "$(rm -rf /) \"a b\""])
        let facts = Self.facts(node)
        #expect(facts[try row.text("variable")] == "$(rm -rf /) \"a b\"", "\(facts)")
    }

    @Test func `every fact has its variable`() {
        let node = ClusterNode(name: "node-01@192.0.2.5", api: "http://192.0.2.5:3000/")
        #expect(
            Self.facts(node, revision: "2025.2.0") == [
                "NAGI_NODE": "node-01@192.0.2.5", "NAGI_NODE_API": "http://192.0.2.9:3000/", "NAGI_CLUSTER": "tokyo",
                "NAGI_RUN": "sora@2025.2.0#1", "NAGI_REVISION": "2025.2.0",
            ])
    }

    @Test func `what is not known is not there`() {
        #expect(Set(Self.facts(nil).keys) == ["NAGI_NODE_API", "NAGI_CLUSTER", "NAGI_RUN"])
    }

    private static let hostile = StepFacts(
        node: "a\"b\\c/d e", api: "http://192.0.2.9:3000/", cluster: "tokyo", run: "sora@2#1", revision: "2",
        labels: ["zone": "a&b", "地域": "東京"])

    static let fillings = Row.table(
        #"""
        text                      address                   body
        none                      none                      none
        {node}                    a%22b%5Cc%2Fd%20e         a\"b\\c/d e
        x{cluster}y{run}          xtokyoysora%402%231       xtokyoysora@2#1
        {revision}{label.zone}    2a%26b                    2a&b
        {label.none}.             .                         .
        {"a":1}                   {"a":1}                   {"a":1}
        {}{{cluster}}             {}{tokyo}                 {}{tokyo}
        {cluster                  {cluster                  {cluster
        """#)

    @Test(arguments: fillings) func `a placeholder never changes what is around it`(row: Row) throws {
        let text = try row.text("text")
        #expect(Self.hostile.filled(text, .address) == (try row.text("address")))
        #expect(Self.hostile.filled(text, .quoted) == (try row.text("body")))
        #expect(Placeholders.unknown(in: text).isEmpty)
    }

    @Test func `what stands for nothing is named`() {
        #expect(Placeholders.unknown(in: "{nodes} {node} {Node} {label.x} {a b}") == ["nodes", "Node"])
    }

    @Test func `a body that is not written holds the facts`() {
        let request = HTTPRequest(method: .post, url: "http://a.example/{cluster}")
        let facts = StepFacts(
            node: "n", api: "http://n/", cluster: "c", run: "r", labels: ["地域": "東京", "zone": "\"a\""])
        let filled = facts.filled(request)
        #expect(filled.url == "http://a.example/c")
        #expect(
            filled.body
                == #"{"node":"n","api":"http://n/","cluster":"c","run":"r","labels":{"zone":"\"a\"","地域":"東京"}}"#)
        #expect(facts.filled(HTTPRequest(url: "http://a.example/")).body == nil)
    }

    static let lacks = Row.table(
        """
        url                        body            lack
        http://a.example/{node}    -               -
        http://a.example/{run}     {label.zone}    -
        http://a.example/{a        {"label.x":1}   -
        http://a.example/{label.rack}/up  -        n has no label rack
        http://a.example/          {label.tier}    n has no label tier
        """)

    @Test(arguments: lacks) func `what is not known leaves no hole in what is sent`(row: Row) throws {
        let facts = StepFacts(node: "n", api: "http://n/", cluster: "c", run: "r", labels: ["zone": "a"])
        let body = try row.text("body")
        let request = HTTPRequest(method: .post, url: try row.text("url"), body: body == "-" ? nil : body)
        let lack = facts.lack(for: .http(HTTPStep(request: request))) ?? "-"
        #expect(lack == (try row.text("lack")))
        #expect((facts.lack(for: HealthGate.Probe.http(request, HTTPExpectation())) ?? "-") == lack)
    }

    @Test func `a node that has left the policies has no name to send, and people are told what is not known`() {
        let facts = StepFacts(node: nil, api: "http://n/", cluster: "c", run: "r")
        let query = HealthGate.Probe.prometheus(PrometheusQuery(url: "http://p/", query: "up{node=\"{node}\"}", min: 1))
        #expect(facts.lack(for: query) == "the node has left the policies")
        let text = facts.filled(NotifyStep(notification: "team", text: "{run}: {label.rack}")).text
        #expect(text == "r: (the node has no label rack)")
    }

    private static func facts(_ node: ClusterNode?, revision: String? = nil) -> [String: String] {
        StepFacts(
            node: node?.name, api: "http://192.0.2.9:3000/", cluster: "tokyo", run: "sora@2025.2.0#1",
            revision: revision, labels: node?.labels ?? [:]
        ).environment
    }
}
