import Calendars
import PolicyFile
import Primitives
import Scheduling
import Testing

/// What good files mean: strategies, gates, further steps, notifications.
struct FurtherValueTests {
    private func set(_ name: String) throws -> PolicySet {
        try #require(try Corpus.parsed("good", name).set)
    }

    @Test func `canary, groups and expressions are read as written`() throws {
        let policies = try set("strategies.yaml").policies
        let grouped = try #require(policies.last)
        #expect(
            grouped.selector
                == Selector(matchExpressions: [
                    LabelExpression(key: "zone", operator: .in, values: ["a", "b"]),
                    LabelExpression(key: "tier", operator: .doesNotExist),
                ]))
        #expect(
            grouped.strategy
                == Strategy(
                    canary: Canary(count: 1, soak: .minutes(30), promote: .auto),
                    groups: [
                        NodeGroup(name: "zone-a", selector: Selector(matchLabels: ["zone": "a"])),
                        NodeGroup(
                            name: "rest",
                            selector: Selector(matchExpressions: [
                                LabelExpression(key: "zone", operator: .notIn, values: ["a"])
                            ]), waitAfterPrevious: .hours(1)),
                    ], progressDeadline: .hours(2)))
        #expect(grouped.gates == [])
        #expect(policies.first?.strategy == Strategy(canary: Canary(count: 1, soak: .zero, promote: .auto)))
    }

    @Test func `discovery and certificates are read as written`() throws {
        let cluster = try #require(try set("every-word.yaml").clusters.last)
        #expect(
            cluster.discovery
                == Discovery(
                    seeds: ["https://192.0.2.1:3000/"], allow: ["192.0.2.0/24", "2001:db8::/32"],
                    labels: ["tier": "temporary"]))
        #expect(cluster.api.tls == TLSSettings(caFile: "ca.pem", certificateFile: "me.pem", keyFile: "me.key"))
    }

    @Test func `notifications are read as written, and their defaults hold`() throws {
        let notifications = try set("every-word.yaml").notifications
        #expect(
            notifications == [
                NotificationPolicy(
                    name: "chat", url: .secret(.environment("HOOK")), format: .slack, on: [.runStarted, .runFailed],
                    policies: ["upgrade"], clusters: ["found"], timeout: .seconds(3), retries: 2),
                NotificationPolicy(
                    name: "short", url: .address("https://hooks.example/T000"), format: .json, on: [.approvalNeeded],
                    timeout: .seconds(10), retries: 5),
            ])
    }

    @Test func `further steps are read as written, and their defaults hold`() throws {
        let rollout = try #require(try set("every-word.yaml").policies.first { $0.name == "upgrade" })
        #expect(
            rollout.sequence.steps == [
                .gate(
                    HealthGate(
                        name: "quiet",
                        probe: .http(HTTPRequest(url: "http://a.example/load"), HTTPExpectation(contains: "low")),
                        interval: .seconds(5), timeout: .minutes(1), failureLimit: 3, onUnknown: .wait)),
                .approval(Approval(timeout: .hours(1))), .approval(Approval(timeout: .hours(12))),
                .notify(NotifyStep(notification: "chat", text: "it begins")),
                .drain(DrainStep(onDeadline: .terminate)), .terminate(TerminateStep(reason: "maintenance")), .block,
                .http(
                    HTTPStep(
                        request: HTTPRequest(
                            method: .post, url: "https://a.example/upgrade",
                            headers: ["Authorization": .file("token")], body: "{\"go\": true}\n"),
                        expected: HTTPExpectation(status: 202, contains: "accepted"), timeout: .minutes(1), retries: 2,
                        onInterrupted: .rerun)),
                .http(
                    HTTPStep(
                        request: HTTPRequest(method: .get, url: "http://a.example/"), expected: HTTPExpectation(),
                        timeout: .minutes(15), retries: 0, isDisruptive: false)),
                .restore,
                .notify(NotifyStep(notification: "short", text: "done")),
            ])
        // Also the POST, which would fail by itself.
        #expect(rollout.sequence.steps.compactMap(\.command).map(\.onInterrupted) == [.rerun, .rerun, .rerun])
    }

    @Test func `gates and approval of a rollout are read as written, and their defaults hold`() throws {
        let rollouts = try set("every-word.yaml").policies
        let rollout = try #require(rollouts.last)
        #expect(rollout.kind == .rollout(revision: "2025.2.0", approval: Approval(timeout: .hours(12))))
        #expect(rollout.strategy.canary == Canary(count: 1, soak: .minutes(30), promote: .manual))
        #expect(
            rollout.gates == [
                HealthGate(
                    name: "errors-low",
                    probe: .prometheus(
                        PrometheusQuery(url: "http://prometheus.example:9090/", query: "sum(errors)", max: 0.5)),
                    interval: .seconds(30), timeout: .minutes(10), failureLimit: 1, onUnknown: .fail),
                HealthGate(name: "own", probe: .command(["./bin/check", "12"]), onUnknown: .pass),
            ])
        #expect(rollouts.first?.schedule.startOnlyIf == .fits && rollout.schedule.startOnlyIf == .always)
        #expect(rollouts.first?.kind == .rollout(revision: "2025.2.0", approval: nil))
    }

    @Test func `rules are counted from the start date`() throws {
        let policy = try #require(try set("rules.yaml").policies.first)
        let start = try #require(LocalDateTime("2026-12-01T00:00"))
        let rule = try RecurrenceRule("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;BYHOUR=2;BYMINUTE=30", start: start)
        #expect(policy.schedule.windows[1].recurrence == .rule(rule))
        #expect(policy.schedule.windows[1].startDate == start.date)
        #expect(policy.schedule.exclusions[0].window.length == .elapsed(.days(1)))
    }

    private static let holidays = """
        BEGIN:VCALENDAR\r
        VERSION:2.0\r
        PRODID:-//nagi//test//EN\r
        BEGIN:VEVENT\r
        UID:new-year\r
        DTSTAMP:20260101T000000Z\r
        DTSTART;VALUE=DATE:20270101\r
        SUMMARY:New Year\r
        END:VEVENT\r
        END:VCALENDAR\r\n
        """

    private func parsed(_ holidays: String?, files: String = "[holidays.ics]") -> ParsedPolicies {
        let text = """
            apiVersion: nagi/v1
            kind: Calendar
            metadata: {name: freezes}
            spec:
              timeZone: Asia/Tokyo
              spans: [{name: own, start: 2026-12-28, lastDay: 2026-12-29}]
              files: \(files)
            """
        let answers = CalendarFiles { name, policyFile in
            guard let holidays, name == "holidays.ics", policyFile == "p/a.yaml" else {
                return .failure(.init("there is no such file"))
            }
            return .success(PolicySource(path: "p/holidays.ics", text: holidays))
        }
        return parsePolicies(
            [PolicySource(path: "p/a.yaml", text: text)], zones: Corpus.zones, calendarFiles: answers)
    }

    @Test func `the events of a calendar file are spans of the calendar, and its bytes part of the digest`() throws {
        let parsed = parsed(FurtherValueTests.holidays)
        #expect(parsed.diagnostics.map { $0.rendered() } == [])
        let set = try #require(parsed.set)
        let spans = try #require(set.calendars.first?.spans)
        #expect(spans.map(\.window.name) == ["freezes/own", "freezes/new-year"])
        #expect(spans.map(\.reason) == [nil, "New Year"])
        #expect(spans.last?.window.timeZone == "Asia/Tokyo")
        #expect(set.zones.keys.sorted() == ["Asia/Tokyo"])
        #expect(set.digest == self.parsed(FurtherValueTests.holidays).set?.digest)
        #expect(set.digest != self.parsed(FurtherValueTests.holidays + "\r\n").set?.digest)
    }

    @Test func `a calendar file that is missing, outside, or wrong is named where it is`() throws {
        let missing = parsed(nil)
        #expect(missing.diagnostics.map(\.code) == [.unreadableFile])
        #expect(missing.diagnostics.first.map { "\($0.file):\($0.line):\($0.column)" } == "p/a.yaml:7:11")
        let outside = parsed(nil, files: "[../holidays.ics, /etc/a.ics, holidays.txt]")
        #expect(outside.diagnostics.map(\.code) == [.invalidText, .invalidText, .invalidText])
        let wrong = parsed("BEGIN:VEVENT\r\n")
        #expect(wrong.set == nil)
        #expect(wrong.counts.errors == wrong.diagnostics.count)
        #expect(Set(wrong.diagnostics.map(\.file)) == ["p/holidays.ics"])
        let twice = parsed(FurtherValueTests.holidays, files: "[holidays.ics, holidays.ics]")
        #expect(twice.diagnostics.map(\.code) == [.duplicateName])
    }
}
