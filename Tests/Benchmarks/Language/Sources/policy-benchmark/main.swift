import BenchmarkHarness
import Foundation
import PolicyFile
import Primitives
import Scan
import Scheduling

// policy-benchmark [FOLDER]: 1,000 policy files read and validated as one set, beside libyaml's bare scan of the same
// bytes and, where the folder has load.py, PyYAML's loader in C; then the plan of 100 policies over 365 days.
let sources = (0..<1000).map { PolicySource(path: "policy-\($0).yaml", text: Nights.file($0)) }
let zones = Nights.zones()
let first = parsePolicies(sources, zones: zones)
guard let set = first.set else {
    for diagnostic in first.diagnostics.prefix(5) { print(diagnostic) }
    print("the made-up policies are not valid: nothing is measured")
    exit(1)
}
let lines = sources.reduce(0) { $0 + $1.bytes.count { $0 == 10 } }
let bytes = sources.reduce(0) { $0 + $1.bytes.count }
print("\(sources.count) files, \(lines) lines, \(bytes) bytes, \(first.counts.warnings) warnings")

var contest = Contest()
contest.add("bare scan") {
    processorRate(of: sources.count) {
        for source in sources where scan_events(source.bytes, source.bytes.count) <= 0 { fatalError("no YAML") }
    }
}
contest.add("one set of 1,000 files") {
    processorRate(of: sources.count) { keep(parsePolicies(sources, zones: zones)) }
}
contest.add("1,000 sets of one file") {
    processorRate(of: sources.count) { for source in sources { keep(parsePolicies([source], zones: zones)) } }
}
let loader = CommandLine.arguments.dropFirst().first.flatMap { Loader(folder: $0, sources: sources) }
if let loader { contest.add("PyYAML CSafeLoader") { loader.round() } } else { print("  PyYAML: left out, not there") }
let results = contest.run(rounds: 5)
loader?.end()
let scan = results[0].median
for result in results where result.median > 0 {
    let name = result.name.padding(toLength: 24, withPad: " ", startingAt: 0)
    let ratio = scan / result.median
    let verdict = result.name == "one set of 1,000 files" ? "target <= 3 x: \(ratio <= 3 ? "met" : "NOT MET")" : ""
    print("  \(name)" + String(format: "%9.1f us a file   %.2f x the scan   ", 1e6 / result.median, ratio) + verdict)
}

let hundred = PolicySet(
    clusters: Array(set.clusters.prefix(100)), policies: Array(set.policies.prefix(100)),
    zones: set.zones)
let from = Timestamp(seconds: 1_772_323_200)
let before = residentBytes()
var planning = Contest()
var found = 0
planning.add("plan") {
    processorRate(of: 1) {
        let planned = plan(hundred, from: from, to: from + .seconds(365 * 86400))
        found = planned.occurrences.count
        keep(planned)
    }
}
if let planned = planning.run(rounds: 5).first {
    print(
        "plan of 100 policies over 365 days: " + String(format: "%.1f ms, ", 1e3 / planned.median)
            + "\(found) occurrences, " + String(format: "%.2f M occurrences/s", planned.median * Double(found) / 1e6))
    print("  resident: \(before / 1_048_576) MiB before, \(residentBytes() / 1_048_576) MiB after")
}
