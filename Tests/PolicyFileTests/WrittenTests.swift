import Calendars
import Foundation
import PolicyFile
import Testing

/// What another text of the policies writes differently. The fields are found by the declared shapes, so that none can be
/// forgotten: every value of the file that has them all is changed, one at a time.
struct WrittenTests {
    private func changes(_ old: String, _ new: String) -> [DocumentChange] {
        func written(_ text: String) -> WrittenPolicies {
            parsePolicies([PolicySource(path: "p.yaml", text: text)], zones: Corpus.zones).written
        }
        return documentChanges(from: written(old), to: written(new))
    }

    private func shown(_ changes: [DocumentChange]) -> [String] {
        changes.flatMap { change in
            change.fields.map { field in
                let old = (field.old ?? "–") + (field.isOldDefault ? " (default)" : "")
                let new = (field.new ?? "–") + (field.isNewDefault ? " (default)" : "")
                return "\(change.name) \(field.path): \(old) → \(new)"
            }
        }
    }

    @Test(arguments: ["good/everything.yaml", "good/every-word.yaml"])
    func `every value that is changed is reported, with both texts`(file: String) throws {
        let text = try String(contentsOf: Corpus.directory.appending(path: file), encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        // Scalars after a key or in a list; names of things are looked at below.
        let value = /(?:: |\[|, )([-A-Za-z0-9\/.:%*"'_]+)(?=[,}\]]|$)/
        var count = 0
        var isSpec = false
        for (number, line) in lines.enumerated() {
            if line == "---" { isSpec = false }
            if line == "spec:" { isSpec = true }
            guard isSpec, !line.contains("#") else { continue }
            for match in line.matches(of: value) {
                let old = match.output.1
                guard !["[", "{"].contains(old.first), old != "{}" else { continue }
                let isQuoted = old.hasSuffix("\"") || old.hasSuffix("'")
                let changed = isQuoted ? "\(old.dropLast())9\(old.suffix(1))" : "\(old)9"
                var other = lines
                other[number] = line.replacingCharacters(in: old.startIndex..<old.endIndex, with: changed)
                let found = changes(text, other.joined(separator: "\n"))
                count += 1
                let fields = found.flatMap(\.fields)
                #expect(!fields.isEmpty, "\(number + 1): \(old) → \(changed)")
                #expect(found.count == 1, "\(number + 1): \(old) → \(changed) \(found.map(\.name))")
                #expect(found.allSatisfy { $0.state == .changed }, "\(number + 1): \(old)")
                // What it does to runs in work is said of each.
                #expect(found.allSatisfy { !$0.effects.isEmpty }, "\(number + 1): \(old)")
            }
        }
        #expect(count > 60)
    }

    @Test func `where a directory stands is no part of what its calendar files say`() {
        let calendar = """
            BEGIN:VCALENDAR
            BEGIN:VEVENT
            UID:a
            DTSTART;VALUE=DATE:20261228
            END:VEVENT
            END:VCALENDAR

            """
        func written(_ directory: String, _ calendar: String) -> WrittenPolicies {
            let text =
                "apiVersion: nagi/v1\nkind: Calendar\nmetadata: {name: c}\nspec: {timeZone: Asia/Tokyo, files: [h.ics]}\n"
            let files = CalendarFiles { name, _ in .success(PolicySource(path: "\(directory)/\(name)", text: calendar))
            }
            return parsePolicies(
                [PolicySource(path: "\(directory)/p.yaml", text: text)], zones: Corpus.zones, calendarFiles: files
            ).written
        }
        let (here, there) = (written("policies", calendar), written("/other/policies", calendar))
        #expect(here.documents.count == 1 && "\(here.documents)".contains("h.ics"))
        #expect(documentChanges(from: here, to: there).isEmpty)
        let later = written("policies", calendar.replacingOccurrences(of: "1228", with: "1229"))
        #expect(documentChanges(from: here, to: later).count == 1)
    }

    @Test func `of every key of every kind it is said what a change does to runs in work`() throws {
        let schema = try JSONSerialization.jsonObject(with: Data(PolicySchema.text().utf8)) as? [String: Any]
        let definitions = try #require(schema?["$defs"] as? [String: [String: Any]])
        for kind in PolicyKind.allCases {
            let keys = try #require(definitions[kind.rawValue]?["properties"] as? [String: Any]).keys.sorted()
            #expect(!keys.isEmpty)
            for key in keys { #expect(kind.knowsEffect(of: key), "\(kind.rawValue).\(key)") }
        }
    }

    /// As the controller has it: `EditTests`.
    @Test(
        arguments: [
            ("kind: Rollout", "revision: \"2\"\n  cutoff: 1h", "one that has taken no node yet begins anew"),
            ("kind: MaintenanceWindow", "cutoff: 1h", "goes on with what it began with; the next run"),
            ("kind: Sequence", "steps: []", "a rollout's that has taken no node yet begins anew"),
        ])
    func `a rollout that has taken no node yet is said to begin anew`(kind: String, spec: String, effect: String)
        throws
    {
        func text(_ spec: String) -> String {
            "apiVersion: nagi/v1\n\(kind)\nmetadata: {name: x}\nspec:\n"
                + (kind == "kind: Sequence" ? "  \(spec)\n" : "  cluster: base\n  \(spec)\n")
        }
        let user =
            "\n---\napiVersion: nagi/v1\nkind: Rollout\nmetadata: {name: y}\nspec: {cluster: base, revision: \"1\", sequence: x}"
        let edited = spec.replacing("1h", with: "2h").replacing("[]", with: "[{block: {}}]")
        let change = try #require(changes(text(spec) + user, text(edited) + user).first)
        #expect(change.effects.contains { $0.contains(effect) }, "\(change.effects)")
    }

    @Test func `that a policy is suspended no more starts a run, and ends none`() throws {
        func text(_ suspend: String) -> String {
            "apiVersion: nagi/v1\nkind: Rollout\nmetadata: {name: x}\nspec:\n  cluster: base\n  revision: \"2\"\n\(suspend)"
        }
        for other in ["  suspend: false\n", ""] {
            let begun = try #require(changes(text("  suspend: true\n"), text(other)).first)
            #expect(begun.effects == ["holds at once: a run may start now, where it has no windows or one is open"])
            let ended = try #require(changes(text(other), text("  suspend: true\n")).first)
            #expect(ended.effects.count == 1 && ended.effects[0].contains("a run of a suspended policy ends"))
        }
    }

    @Test func `one form for what can be written in several is no change`() {
        func policy(_ spec: String) -> String {
            "apiVersion: nagi/v1\nkind: MaintenanceWindow\nmetadata: {name: night}\nspec:\n  cluster: base\n" + spec
        }
        let old = policy("  cutoff: 1h\n  selector: {nodes: [a, b]}\n  exclusions: []\n")
        let new = policy(
            "  cutoff: 60m\n  selector:\n    nodes: [b, a]\n  suspend: false\n  strategy: {maxFailures: 1}\n")
        #expect(shown(changes(old, new)) == [])
        #expect(changes(old, "# a comment\n" + old).isEmpty)
    }

    @Test func `defaults, items by name, order, and what came and went`() {
        func sequence(_ steps: String) -> String {
            "apiVersion: nagi/v1\nkind: Sequence\nmetadata: {name: s}\nspec:\n  steps: [\(steps)]\n"
        }
        #expect(
            shown(
                changes(sequence("drain: {}, block: {}"), sequence("drain: {deadline: 2h}, wait: {for: 5m}, block: {}"))
            )
                == [
                    "s steps: [drain, block] → [drain, wait, block]",
                    "s steps[drain].deadline: 1h (default) → 2h",
                    "s steps[wait]: – → {for: 5m}",
                ])
        #expect(
            shown(changes(sequence("run: {name: up, command: [/a, b]}"), sequence("run: {name: up, command: [/a, c]}")))
                == ["s steps[run up].command: [/a, b] → [/a, c]"])
    }

    @Test func `a document under another name is known by what it says`() {
        func calendar(_ name: String, _ day: String = "28") -> String {
            """
            apiVersion: nagi/v1
            kind: Calendar
            metadata: {name: \(name)}
            spec:
              timeZone: Asia/Tokyo
              spans:
                - {name: year-end, start: 2026-12-\(day), lastDay: 2027-01-03, reason: closing}
                - {name: launch, start: 2026-12-01, lastDay: 2026-12-02}

            """
        }
        let renamed = changes(calendar("freezes"), calendar("holidays", "27"))
        #expect(renamed.map(\.name) == ["holidays"] && renamed.first?.formerName == "freezes")
        #expect(shown(renamed) == ["holidays spans[year-end].start: 2026-12-28 → 2026-12-27"])
        let other = "apiVersion: nagi/v1\nkind: Calendar\nmetadata: {name: nights}\nspec: {timeZone: UTC}\n"
        #expect(changes(calendar("freezes"), other).map(\.state.rawValue) == ["removed", "added"])
    }

    @Test func `secrets are shown as references only`() {
        func cluster(_ secret: String) -> String {
            """
            apiVersion: nagi/v1
            kind: Cluster
            metadata: {name: c}
            spec:
              topology: standalone
              nodes: [{name: a, api: "http://a.example/"}]
              api: {headers: {Authorization: \(secret)}}

            """
        }
        #expect(
            shown(changes(cluster("{env: OLD}"), cluster("{file: /run/secrets/new}")))
                == ["c api.headers.Authorization: {env: OLD} → {file: /run/secrets/new}"])
    }
}
