import ModeCore
import Testing

/// The whole table, one row for each cause: what becomes of `initial`, `normal`, `block_new_session` and
/// `block_new_connection`. `=` is kept, `!` refused.
private let table = """
    boot standalone       normal = normal normal
    boot clustered        = initial initial initial
    restart standalone    normal = normal normal
    restart clustered     = initial initial initial
    request normal        ! = normal normal
    request session       ! session = session
    request connection    ! connection connection =
    join                  normal = = =
    isolate               = initial = =
    rejoin                normal = = =
    file fault            connection connection connection =
    """

private let firstReleaseTable = table.replacing(
    "isolate               = initial = =", with: "isolate = initial initial initial")

private let causes: [String: ModeCause] = [
    "boot standalone": .boot(clustered: false), "boot clustered": .boot(clustered: true),
    "restart standalone": .restart(clustered: false), "restart clustered": .restart(clustered: true),
    "request normal": .request(.normal), "request session": .request(.blockNewSession),
    "request connection": .request(.blockNewConnection), "join": .join, "isolate": .isolate, "rejoin": .rejoin,
    "file fault": .fileFault,
]

private let words: [String: NodeMode] = [
    "initial": .initial, "normal": .normal, "session": .blockNewSession, "connection": .blockNewConnection,
]

private struct Cell: CustomStringConvertible {
    var from: NodeMode
    var cause: ModeCause
    var expected: ModeTransition
    var description: String { "\(from) on \(cause)" }
}

private func cells(of text: String) throws -> [Cell] {
    try text.split(separator: "\n").flatMap { line in
        let row = line.split(separator: " ").map(String.init)
        let cause = try #require(causes[row.dropLast(4).joined(separator: " ")])
        return try zip([NodeMode.initial, .normal, .blockNewSession, .blockNewConnection], row.suffix(4)).map {
            let expected: ModeTransition =
                switch $1 {
                case "=": .kept
                case "!": .refused(.initial)
                default: .to(try #require(words[$1]))
                }
            return Cell(from: $0, cause: cause, expected: expected)
        }
    }
}

struct ModeTransitionTests {
    @Test func `every mode and every cause lead where the table says`() throws {
        for cell in try cells(of: table) {
            #expect(transition(from: cell.from, on: cell.cause, profile: .current) == cell.expected, "\(cell)")
        }
    }

    @Test func `the first release goes to initial from every mode when isolated`() throws {
        for cell in try cells(of: firstReleaseTable) {
            #expect(transition(from: cell.from, on: cell.cause, profile: .firstRelease) == cell.expected, "\(cell)")
        }
    }

    @Test func `the table has every cell`() throws {
        let pairs = Set(try cells(of: table).map { "\($0.from) \($0.cause)" })
        let all = Set(NodeMode.allCases.flatMap { mode in ModeCause.all.map { "\(mode) \($0)" } })
        #expect(pairs == all)
        #expect(pairs.count == 4 * 11)
    }

    @Test(arguments: RequestableMode.allCases)
    func `a profile can take requests while initial`(requested: RequestableMode) {
        let profile = ModeProfile(takesRequestsWhileInitial: true)
        #expect(transition(from: .initial, on: .request(requested), profile: profile) == .to(requested.mode))
    }

    @Test func `initial can't be requested`() {
        #expect(RequestableMode(rawValue: "initial") == nil)
        #expect(NodeMode.initial.requestable == nil)
    }

    @Test func `strictness is a total order`() {
        #expect(RequestableMode.normal < .blockNewSession)
        #expect(RequestableMode.blockNewSession < .blockNewConnection)
        #expect(RequestableMode.allCases.max() == .blockNewConnection)
    }
}
