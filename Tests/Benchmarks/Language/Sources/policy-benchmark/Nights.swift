import Calendars
import Foundation
import PolicyFile

/// Policy files as operators write them, made up: one cluster each, its windows, freezes and steps, 100 lines.
enum Nights {
    static let lines = 100

    static func file(_ number: Int) -> String {
        let zones = ["Europe/Berlin", "America/New_York", "Asia/Tokyo", "Australia/Sydney", "UTC"]
        let zone = zones[number % zones.count]
        let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        var text: [String] = []
        text += head("Cluster", "cluster-\(number)") + ["  topology: standalone", "  nodes:"]
        for node in 0..<8 {
            let host = "10.\(number / 250).\(number % 250).\(node + 1)"
            text += [
                "    - name: node-\(node)-\(number)@\(host)", "      api: http://\(host):3000/",
                "      labels: {zone: \(node % 2 == 0 ? "a" : "b"), tier: media}",
            ]
        }
        text += ["  observe: {interval: 5s, jitter: 10%}", "  budget: {maxUnavailable: 1, minAvailable: 2}", "---"]
        text += head("Sequence", "night-\(number)")
        text += [
            "  steps:", "    # Those that live may end in peace.", "    - drain:",
            "        until: {maxSessions: 0, maxConnections: 0}", "        deadline: 20m", "        onDeadline: skip",
            "    - block: {}", "    - wait: {for: 10m}", "    - restore: {}", "---",
        ]
        text += head("MaintenanceWindow", "nightly-\(number)") + ["  cluster: cluster-\(number)", "  selector:"]
        text += ["    matchLabels:", "      zone: a", "  windows:"]
        for window in 0..<6 {
            text += ["    - name: window-\(window)"]
            let hour = (number + window) % 5
            if window % 2 == 0 {
                text += [
                    "      weekly:", "        days: [\(days[(number + window) % 7])]", "        start: \"0\(hour):30\"",
                ]
            } else {
                text += ["      schedule: \"30 \(hour) * * \(days[(number + window) % 7])#\(window % 4 + 1)\""]
            }
            text += ["      duration: 3h", "      timeZone: \(zone)"]
        }
        text += [
            "  exclusions:", "    - name: year-end", "      start: 2026-12-28T00:00", "      end: 2027-01-04T00:00",
            "      timeZone: \(zone)", "      reason: year-end freeze", "  cutoff: 30m", "  onWindowEnd: restore",
            "  strategy: {maxUnavailable: 1}", "  sequence: night-\(number)",
        ]
        while text.count < lines { text.append("# \(text.count + 1)") }
        return text.joined(separator: "\n") + "\n"
    }

    private static func head(_ kind: String, _ name: String) -> [String] {
        ["apiVersion: nagi/v1", "kind: \(kind)", "metadata: {name: \(name)}", "spec:"]
    }

    static func zones() -> ZoneCatalog {
        let names = ["America/New_York", "Asia/Tokyo", "Australia/Sydney", "Europe/Berlin"]
        let rules = names.compactMap { name in
            FileManager.default.contents(atPath: "/usr/share/zoneinfo/\(name)").flatMap {
                try? ZoneRules(name: name, tzif: Array($0))
            }
        }
        return ZoneCatalog(rules + [.utc])
    }
}
