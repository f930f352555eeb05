import Calendars
import PolicyFile
import Primitives
import Scheduling
import Testing

/// What good files mean.
struct ValueTests {
    private func everything() throws -> PolicySet {
        try #require(try Corpus.parsed("good", "everything.yaml").set)
    }

    @Test func `a cluster is read as written, its nodes in the order of their names`() throws {
        let cluster = try #require(try everything().clusters.first { $0.name == "osaka" })
        #expect(cluster.topology == .standalone)
        #expect(cluster.nodes.map(\.name) == ["a", "b"])
        #expect(cluster.nodes[0].ready == "http://a.example:5000/.ok")
        #expect(cluster.nodes[1].labels == ["zone": "east", "tier": "1"])
        #expect(cluster.api.timeout == .milliseconds(1500))
        #expect(
            cluster.api.headers == ["Authorization": .environment("TOKEN"), "X-Proxy": .file("/run/secrets/proxy")])
        #expect(cluster.observe == ObserveSettings(interval: .seconds(2), jitter: 0.25, staleAfter: .seconds(60)))
        #expect(cluster.budget == Budget(maxUnavailable: .percent(50), minAvailable: .count(1)))
        #expect(cluster.exclusions.map(\.window.name) == ["fair"] && cluster.exclusions.first?.reason == "the fair")
        #expect(cluster.hooks == HookSettings(secret: .environment("HOOK")))
    }

    @Test func `an embedded node is read as written`() throws {
        let node = try #require(try everything().clusters.first { $0.name == "inside" }?.nodes.first)
        #expect(
            node
                == ClusterNode(
                    name: "inner", api: "http://127.0.0.1:3001/", ready: "http://127.0.0.1:5001/.ok",
                    labels: ["zone": "west"],
                    embedded: EmbeddedNode(
                        apiPort: 3001, signalingPort: 5001, version: "2025.10", gracePeriod: .seconds(2),
                        maxConnections: 50,
                        webhooks: EmbeddedWebhooks(
                            auth: "http://a.example/auth", session: "http://a.example/s",
                            event: "http://a.example/e", timeout: .seconds(1)),
                        traffic: MadeUpTraffic(
                            arrivalsPerSecond: 0.25, meanHold: .seconds(20), maxHold: .seconds(40), channels: 3))))
    }

    @Test func `an embedded node without a word about it listens where nodes usually do`() throws {
        let node = try #require(try Corpus.parsed("good", "embedded.yaml").set?.clusters.first?.nodes.first)
        #expect(node.api == "http://127.0.0.1:3000/" && node.ready == "http://127.0.0.1:5000/.ok")
        #expect(node.embedded == EmbeddedNode())
        let cluster = try #require(try Corpus.parsed("good", "embedded-cluster.yaml").set?.clusters.last)
        let listeners = cluster.nodes.compactMap(\.embedded).map { "\($0.host) \($0.apiPort) \($0.signalingPort)" }
        #expect(listeners == ["127.0.0.1 3001 5001", "127.0.0.1 3002 5002", "::1 3003 5003"])
        #expect(cluster.isEmbedded)
        #expect(cluster.nodes[1].embedded?.traffic == nil)
    }

    @Test func `a sequence is read as written, 010 is ten and an empty block a step`() throws {
        let window = try #require(try everything().policies.first)
        #expect(
            window.sequence
                == StepSequence(
                    name: "careful",
                    steps: [
                        .drain(
                            DrainStep(
                                mode: .blockNewConnection, maxSessions: 1, maxConnections: 10, deadline: .seconds(90),
                                onDeadline: .abort)),
                        .block, .wait(.duration(.minutes(5))),
                        .run(
                            RunStep(
                                name: "check", command: ["./bin/check", "", "12"], timeout: .minutes(1), retries: 2,
                                onInterrupted: .rerun)),
                        .verify(VerifyStep(connected: true, version: "2025.10", timeout: .seconds(30))), .restore,
                        .verify(VerifyStep(ready: true)), .soak(.minutes(90)),
                    ], onFailure: .restore))
    }

    @Test func `windows keep their order, and those without a name are numbered`() throws {
        let policy = try #require(try everything().policies.first)
        let start = try #require(TimeOfDay(hour: 22, minute: 30))
        let end = try #require(TimeOfDay(hour: 5, minute: 0, second: 30))
        #expect(policy.schedule.windows.map(\.name) == ["weekend", "once", "monthly", "window-4"])
        #expect(
            policy.schedule.windows[0]
                == Window(
                    name: "weekend", recurrence: .weekly(days: [.sat, .sun], start: start), length: .until(end),
                    timeZone: "Europe/Berlin", dst: DSTRule(gap: .skip, overlap: .last)))
        #expect(policy.schedule.windows[1].timeZone == "Asia/Tokyo")
        #expect(policy.schedule.windows[1].length == .elapsed(.days(1)))
        #expect(policy.schedule.windows[1].recurrence == .at(try local("2026-12-06T02:00")))
        #expect(policy.schedule.windows[2].recurrence == .cron(try CronSchedule("0 2 1 * *")))
        #expect(policy.schedule.windows[2].startDate == LocalDate(year: 2026, month: 1, day: 1))
        #expect(policy.schedule.windows[3].recurrence == .at(try local("2026-12-10T00:00")))
        #expect(policy.schedule.windows[3].length == .end(try local("2026-12-11T12:00")))
    }

    @Test func `the last day of an exclusion is included`() throws {
        let policy = try #require(try everything().policies.first)
        #expect(policy.schedule.exclusions.map(\.window.name) == ["year-end", "exclusion-2"])
        #expect(policy.schedule.exclusions[0].window.length == .end(try local("2027-01-04T00:00")))
        #expect(policy.schedule.exclusions[0].reason == "no")
        #expect(policy.schedule.exclusions[1].window.length == .elapsed(.milliseconds(500)))
    }

    @Test func `the rest of a policy is read as written`() throws {
        let set = try everything()
        let policy = try #require(set.policies.first)
        #expect(policy.selector == Selector(matchLabels: ["zone": "west"], nodes: ["a", "b"], exclude: ["b"]))
        #expect(policy.schedule.cutoff == .minutes(20))
        #expect(policy.schedule.onWindowEnd == .finish)
        #expect(policy.onDrift == .yield)
        #expect(policy.isSuspended)
        #expect(
            policy.strategy
                == Strategy(
                    maxUnavailable: .percent(100), order: [.label("zone"), .name], pauseBetweenNodes: .minutes(2),
                    maxFailures: 3))
        #expect(set.zones.keys.sorted() == ["Asia/Tokyo", "Europe/Berlin"])
    }

    @Test func `a rollout takes its sequence inline and its revision as text`() throws {
        let rollout = try #require(try everything().policies.first { $0.isRollout })
        #expect(rollout.revision == "2025.10")
        #expect(rollout.schedule.windows.isEmpty)
        #expect(rollout.schedule.onWindowEnd == .finish)
        #expect(rollout.sequence.name == "upgrade")
        #expect(rollout.sequence.steps.first == .drain(DrainStep()))
        #expect(rollout.sequence.hasDisruptiveStep)
    }

    @Test func `what is left out has the documented default`() throws {
        let set = try #require(try Corpus.parsed("good", "defaults.yaml").set)
        let window = try #require(set.policies.first)
        let schedule = PolicySchedule(windows: window.schedule.windows, onWindowEnd: .restore)
        #expect(window == Policy(name: "shortest", cluster: "base", schedule: schedule))
        #expect(window.sequence == .drainThenBlock)
        let cluster = try #require(set.clusters.first)
        #expect(cluster.api == APISettings())
        #expect(cluster.observe == ObserveSettings())
        #expect(cluster.budget == Budget())
    }

    @Test func `a sequence without restore waits for the window's end and restores`() throws {
        let rollout = try #require(try Corpus.parsed("good", "defaults.yaml").set?.policies.first { $0.isRollout })
        #expect(rollout.sequence.steps == [.drain(DrainStep()), .block, .wait(.windowEnd), .restore])
        #expect(rollout.revision == "no")
    }

    @Test func `a sequence of one's own goes before the built-in one of the same name`() throws {
        let text = """
            apiVersion: nagi/v1
            kind: Sequence
            metadata: {name: drain-then-block}
            spec: {steps: [{block: {}}]}
            ---
            apiVersion: nagi/v1
            kind: MaintenanceWindow
            metadata: {name: night}
            spec: {cluster: base, windows: [{at: 2026-12-06T02:00, duration: 3h, timeZone: UTC}]}
            """
        let window = try #require(try Corpus.parsed(text: text).set?.policies.first)
        #expect(window.sequence.steps == [.block, .wait(.windowEnd), .restore])
    }

    @Test func `the spans of a calendar are those of the policies that name it, called after it`() throws {
        let set = try #require(try Corpus.parsed("good", "calendars.yaml").set)
        let policy = try #require(set.policies.first)
        #expect(policy.schedule.windows.map(\.name) == ["nights/sunday", "nights/span-2", "extra"])
        #expect(policy.schedule.windows.map(\.timeZone) == ["Asia/Tokyo", "Europe/Berlin", "UTC"])
        #expect(
            policy.schedule.exclusions.map(\.window.name)
                == ["freezes/year-end", "freezes/release", "freezes/first-of-month", "exclusion-2"])
        #expect(policy.schedule.exclusions.map(\.reason) == ["year-end freeze", nil, nil, "never on a Friday"])
        #expect(policy.schedule.exclusions[0].window.length == .end(try local("2027-01-04T00:00")))
        #expect(set.calendars.map(\.name) == ["freezes", "nights", "spare"])
        #expect(set.calendars[0].spans == Array(policy.schedule.exclusions[..<3]))
        #expect(set.zones.keys.sorted() == ["America/New_York", "Asia/Tokyo", "Europe/Berlin", "UTC"])
    }

    @Test func `the exclusions of a cluster hold for all its policies, those that both name once`() throws {
        let set = try #require(try Corpus.parsed("good", "cluster-exclusions.yaml").set)
        let frozen = try #require(set.cluster(named: "frozen"))
        let names = ["freezes/year-end", "cluster-exclusion-2", "launch"]
        #expect(frozen.exclusions.map(\.window.name) == names)
        #expect(frozen.exclusions.map(\.window.timeZone) == ["Asia/Tokyo", "Asia/Tokyo", "UTC"])
        let night = try #require(set.policy(named: "night"))
        #expect(night.schedule.exclusions.map(\.window.name) == ["freezes/year-end", "exclusion-2"])
        #expect(
            set.exclusions(of: night).map(\.window.name) == ["freezes/year-end", "exclusion-2"] + names.dropFirst())
        #expect(set.exclusions(of: try #require(set.policy(named: "upgrade"))).map(\.window.name) == names)
    }

    @Test func `equal texts have one digest, other texts another`() throws {
        let first = try Corpus.source("good", "defaults.yaml")
        let second = try Corpus.source("good", "base.yaml")
        let digest = parsePolicies([first, second], zones: Corpus.zones).set?.digest
        #expect(digest == parsePolicies([second, first], zones: Corpus.zones).set?.digest)
        var changed = first
        changed.bytes.append(0x0A)
        #expect(digest != parsePolicies([changed, second], zones: Corpus.zones).set?.digest)
        #expect(digest?.utf8.count == 32)
    }

    private func local(_ text: String) throws -> LocalDateTime {
        try #require(LocalDateTime(text))
    }
}
