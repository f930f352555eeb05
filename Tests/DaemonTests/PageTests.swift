import Calendars
import Daemon
import Foundation
import FoundationXML
import Primitives
import Scheduling
import Testing

/// Pictures and pages of plans: that they are well-formed, escaped, complete, and the same bytes each time.
struct PageTests {
    /// What an XML parser finds.
    private final class Elements: NSObject, XMLParserDelegate {
        var names: [String: Int] = [:]
        var classes: [String: Int] = [:]
        var texts = ""
        var error: String?

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String] = [:]
        ) {
            names[name, default: 0] += 1
            for kind in (attributes["class"] ?? "").split(separator: " ") { classes[String(kind), default: 0] += 1 }
        }

        func parser(_ parser: XMLParser, foundCharacters string: String) { texts += string }
        func parser(_ parser: XMLParser, parseErrorOccurred error: any Error) { self.error = "\(error)" }
    }

    private func elements(_ text: String) -> Elements {
        let elements = Elements()
        let parser = XMLParser(data: Data(text.utf8))
        parser.delegate = elements
        _ = parser.parse()
        return elements
    }

    private static let from = Timestamp(seconds: 1_795_824_000)

    private static func policies(_ count: Int, reason: String = "rest") -> PolicySet {
        let midnight = LocalDateTime(seconds: from.seconds)
        let window = Window(
            name: "night", recurrence: .at(LocalDateTime(seconds: midnight.seconds + 7200)),
            length: .elapsed(.hours(3)), timeZone: "UTC")
        let daily = (0..<3).flatMap { TimeOfDay(hour: 20 + $0, minute: 0).map { [$0] } ?? [] }.prefix(1).map {
            Window(
                name: "daily", recurrence: .weekly(days: Set(Weekday.allCases), start: $0),
                length: .elapsed(.hours(1)), timeZone: "UTC")
        }
        let freeze = Exclusion(
            window: Window(
                name: "freeze", recurrence: .at(midnight), length: .elapsed(.days(2)), timeZone: "UTC"),
            reason: reason)
        return PolicySet(
            clusters: [
                ClusterPolicy(
                    name: "tokyo", topology: .standalone, nodes: [ClusterNode(name: "node-01", api: "http://h:1/")])
            ],
            policies: (0..<count).map {
                Policy(
                    name: "policy-\($0)", cluster: "tokyo",
                    schedule: PolicySchedule(
                        windows: [window] + daily, exclusions: [freeze], onWindowEnd: .restore))
            },
            zones: ["UTC": .utc])
    }

    private func page(_ set: PolicySet, days: Int) -> (svg: String, html: String) {
        let plan = plan(set, from: Self.from, to: Self.from + .days(days))
        let now = Self.from + .hours(30)
        return (
            PlanPicture(plan, zones: set.zones, zone: .utc, now: now).svg,
            PlanPage(plan, zones: set.zones, zone: .utc, now: now, zonesVersion: "2025b").html
        )
    }

    @Test func `picture and page are well-formed and the same bytes each time`() throws {
        let set = Self.policies(3)
        let (svg, html) = page(set, days: 14)
        #expect(page(set, days: 14) == (svg, html))
        let picture = elements(svg)
        #expect(picture.error == nil)
        #expect(picture.classes["name"] == 3)
        #expect(picture.classes["freeze"] == 2, "one band across three rows, and the legend")
        #expect(picture.classes["now"] == 2, "the line, and the legend")
        // Of each policy two nights in the freeze and the single night are taken away.
        #expect(picture.classes["taken"] == 3 * 3 + 1)
        let document = elements(html)
        #expect(document.error == nil)
        #expect(document.names["section"] == 3)
        #expect(document.names["script"] == nil && document.names["link"] == nil && document.names["img"] == nil)
        #expect(!html.contains("style=\"") && !html.contains("http"))
        #expect(document.texts.contains("taken away by freeze (\"rest\")"))
        #expect(document.texts.contains("tzdata 2025b"))
    }

    @Test func `what no plan can know is said of each policy that asks for it`() {
        var set = Self.policies(2)
        let check = HealthGate.Probe.command(["/check"])
        set.policies[0].gates = [HealthGate(name: "errors-low", probe: check)]
        set.policies[0].sequence.steps.insert(.gate(HealthGate(name: "calm", probe: check)), at: 0)
        let texts = elements(page(set, days: 14).html).texts
        #expect(texts.contains("asks for gate errors-low before each node, gate calm of each node"), "\(texts)")
        #expect(texts.components(separatedBy: "asks for").count == 2)
    }

    @Test func `text of policies never becomes markup`() throws {
        let (svg, html) = page(Self.policies(1, reason: "</style><script>alert('1 & 2')</script>\u{1}"), days: 14)
        for text in [svg, html] {
            let found = elements(text)
            #expect(found.error == nil)
            #expect(found.names["script"] == nil)
            #expect(found.texts.contains("alert('1 & 2')"))
        }
    }

    @Test func `a year of a hundred policies stays small`() throws {
        let (svg, html) = page(Self.policies(100), days: 365)
        #expect(svg.utf8.count < 400_000)
        #expect(html.utf8.count < 2_500_000)
        #expect(elements(svg).error == nil)
        #expect(html.contains("more: ask for fewer days"))
    }
}
