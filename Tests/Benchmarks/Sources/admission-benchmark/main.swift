import BenchmarkHarness
import Foundation
import ModeCore
import Primitives

// admission-benchmark                 the rates
// admission-benchmark node|gate       memory for each live connection
switch CommandLine.arguments.dropFirst().first {
case "node": print(String(format: "Node           %.0f bytes for each of 100,000 live connections", Memory.ofNode()))
case "gate": print(String(format: "AdmissionGate  %.0f bytes for each of 100,000 live connections", Memory.ofGate()))
default:
    let loops = Loops()
    let (open, blocking) = (loops.filledGate(), loops.filledGate())
    blocking.changeMode(.blockNewSession, at: .distantPast)

    let names = loops.plainTable
    var contest = Contest()
    contest.add("atomic load") { loops.bareLoad(10_000_000) }
    contest.add("dictionary lookup, 100k names") { loops.bareLookup(names, 1_000_000) }
    contest.add("decision in normal", target: 20e6) { loops.decisions(open, 10_000_000) }
    contest.add("decision in block_new_session, 100k sessions", target: 2e6) { loops.decisions(blocking, 1_000_000) }
    contest.add("connect and disconnect in normal") { loops.visits(open, 300_000) }
    contest.add("connect and disconnect in block_new_session") { loops.visits(blocking, 300_000) }
    print("two threads, five rounds in turn, median (lowest … highest), ratio to the atomic load")
    let counts = [10_000_000, 1_000_000, 10_000_000, 1_000_000, 300_000, 300_000].map { $0 * Loops.threads }
    print(table(of: contest.run(rounds: 5), unit: "/s", counts: counts))
}
