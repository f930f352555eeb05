import Daemon
import Primitives
import Scheduling
import Synchronization
import Testing

@Suite struct TextTests {
    @Test(arguments: [
        ("one two three", 7, ["one two", "three"]), ("", 5, [""]), ("abcdefghij", 4, ["abcdefghij"]),
        ("ab 長い文字", 6, ["ab", "長い文", "字"]), ("a  b", 10, ["a b"]),
        ("see /var/lib/nagi/c/output of it", 10, ["see", "/var/lib/nagi/c/output", "of it"]),
        (
            "time, or nagi force up@1#1 --ignore gate --reason … then", 20,
            [
                "time, or", "nagi force up@1#1 --ignore gate --reason …", "then",
            ]
        ),
        ("nagi resume, or nagi abort up --reason … here", 24, ["nagi resume, or", "nagi abort up --reason …", "here"]),
        ("nagi history shows where it begins", 20, ["nagi history shows", "where it begins"]),
    ])
    func `lines are folded between words`(text: String, width: Int, lines: [String]) {
        #expect(TextFold.lines(text, width: width) == lines)
    }

    @Test(arguments: [("abcdefghij", 10, "abcdefghij"), ("abcdefghij", 7, "abc…hij"), ("abcdefghij", 6, "abc…ij")])
    func `the middle goes first`(text: String, width: Int, cut: String) {
        #expect(TextFold.middleCut(text, width: width) == cut)
    }

    @Test func `a last column that has no room goes below its row, and hangs where it has`() {
        let table = TextTable([["name-of-a-node", "what is going on with it and why"], ["b", "c"]])
        #expect(
            table.lines(on: Terminal(width: 46)) == [
                "  name-of-a-node  what is going on with it and", "                  why", "  b               c",
            ])
        #expect(
            table.lines(on: Terminal(width: 40)) == [
                "  name-of-a-node", "      what is going on with it and why", "  b", "      c",
            ])
        #expect(table.lines(on: .none)[0] == "  name-of-a-node  what is going on with it and why")
    }

    static let names: [([String], Int?, [String], String?)] = [
        (["a", "b"], 4, ["a", "b"], nil),
        (
            ["media-01.sfu.example.com@10.0.0.1", "media-02.sfu.example.com@10.0.0.2"], nil,
            ["media-01.sfu.example.com@10.0.0.1", "media-02.sfu.example.com@10.0.0.2"], nil
        ),
        (
            ["media-01.sfu.example.com@10.0.0.1", "media-02.sfu.example.com@10.0.0.2"], 20, ["media-01…", "media-02…"],
            "media-*.sfu.example.com@10.0.0.*"
        ),
        (["node-01@10.20.30.1", "node-02@10.20.30.1"], 12, ["node-01…", "node-02…"], "node-*@10.20.30.1"),
        // Only both pieces together tell them apart.
        (
            ["a1.long-same-piece.b1@h", "a1.long-same-piece.b2@h", "a2.long-same-piece.b1@h"], 12,
            ["a1…b1…", "a1…b2…", "a2…b1…"], "*.long-same-piece.*@h"
        ),
        // Nothing in common: the middle goes.
        (["abcdefghijklmnop", "qrstuvwxyz.0123456789"], 9, ["abcd…mnop", "qrst…6789"], nil),
        (["abcdefghijklmnop"], 9, ["abcd…mnop"], nil),
        // What would become the same stays apart.
        (["aaaaXaaaaaaaaa", "aaaaYaaaaaaaaa"], 7, ["aaa…aaa", "aaaaX…aaaaa"], nil),
    ]

    @Test(arguments: names)
    func `long names lose what all share`(names: [String], limit: Int?, short: [String], pattern: String?) {
        let shortened = ShortNames(names, limit: limit)
        #expect(Set(names.map { shortened[$0] }).count == names.count)
        #expect(shortened.pattern == pattern)
        if short != ["aaa…aaa", "aaaaX…aaaaa"] { #expect(names.map { shortened[$0] } == short) }
        #expect(shortened.shortened("waits for \(names[0])") == "waits for \(shortened[names[0]])")
    }

    @Test(
        arguments: [
            (nil, [:], Terminal.none), (nil, ["COLUMNS": "80"], .none),
            (132, [:], Terminal(width: 132, isColoured: true)),
            (132, ["COLUMNS": "80", "NO_COLOR": "1"], Terminal(width: 80)),
            (0, [:], Terminal(width: 80, isColoured: true)),
            (100, ["NO_COLOR": "", "COLUMNS": "x"], Terminal(width: 100, isColoured: true)),
            (100, ["TERM": "dumb"], Terminal(width: 100)), (3, [:], Terminal(width: 40, isColoured: true)),
        ] as [(Int?, [String: String], Terminal)])
    func `width and colour are the terminal's, unless the environment says otherwise`(
        columns: Int?, environment: [String: String], terminal: Terminal
    ) {
        #expect(Terminal(columns: columns, environment: environment) == terminal)
    }

    static let now = "2026-11-28T23:30:00+09:00"

    @Test(arguments: [
        ("2026-11-28T23:31:04+09:00", "23:31:04", "23:31:04"), ("2026-11-28T02:31:04+09:00", "02:31:04", "02:31:04"),
        ("2026-11-28T23:16:00+09:00", "23:16:00", "23:16:00"),
        ("2026-11-29T00:00:16+09:00", "Sun 2026-11-29 00:00:16", "Sun 2026-11-29 00:00:16 (in 30m)"),
        ("2026-11-29T00:00:00+09:00", "Sun 2026-11-29 00:00", "Sun 2026-11-29 00:00 (in 30m)"),
        ("2026-12-19T00:00:00+09:00", "Sat 2026-12-19 00:00", "Sat 2026-12-19 00:00 (in 20d)"),
        ("2026-11-27T20:05:00+09:00", "Fri 2026-11-27 20:05", "Fri 2026-11-27 20:05"),
    ])
    func `an instant has its date where it is not today`(text: String, clock: String, ahead: String) throws {
        let shown = try #require(ShownInstant(text, now: Self.now))
        #expect(shown.clock == clock)
        #expect(shown.ahead == ahead)
    }

    @Test func `a time of the host is shown in the zone of what the daemon said`() {
        let instant = Timestamp(seconds: 1_796_000_000)
        #expect(ShownInstant.time(of: instant, inZoneOf: Self.now) == "09:53:20")
        #expect(ShownInstant.time(of: instant, inZoneOf: nil) == "00:53:20 UTC")
    }

    @Test func `a frame is painted over the one before, and counts what does not fit`() {
        #expect(Repaint.frame(["a", "b"], columns: 0, rows: 0) == "\u{1B}[Ha\u{1B}[K\r\n\u{1B}[Jb")
        #expect(Repaint.frame(["a", "b", "c"], columns: 80, rows: 2).hasSuffix("… 2 more lines: nagi status"))
    }

    /// With what is too long left to a terminal that cut it, `…@10.20.30.11` stood there as `…@10.20.31`.
    @Test func `a line that is longer than a row goes on in the next one, and is counted as that`() {
        let painted = "\u{1B}[1;31mab\u{1B}[0mcde"
        let lines = [painted, "x"]
        #expect(Repaint.height(of: lines, columns: 5) == 2 && Repaint.height(of: lines, columns: 4) == 3)
        #expect(Repaint.height(of: ["長い文"], columns: 5) == 2 && Repaint.height(of: [""], columns: 5) == 1)
        #expect(
            Repaint.frame(lines, columns: 4, rows: 3)
                == "\u{1B}[H\u{1B}[K\(painted)\u{1B}[K\r\n\u{1B}[Jx")
        // A row that is full is not erased behind its end: the cursor is on its last column still.
        #expect(Repaint.frame(["abcd", "x"], columns: 4, rows: 0) == "\u{1B}[Habcd\r\n\u{1B}[Jx")
        #expect(
            Repaint.frame(["abcde", "x", "y"], columns: 4, rows: 3)
                == "\u{1B}[H\u{1B}[Kabcde\u{1B}[K\r\n\u{1B}[J… 2…")
    }

    @Test func `how a verb is called is folded between its arguments`() {
        let line = "USAGE: nagi hold <node> [--mode <mode>] [--force]"
        #expect(
            UsageLine(line)?.folded(width: 36) == ["USAGE: nagi hold <node>", "       [--mode <mode>] [--force]"])
        #expect(UsageLine(line)?.folded(width: 80) == [line])
        #expect(UsageLine("OVERVIEW: usage: x") == nil)
    }

    @Test func `a line of the log has its instant, its offset and who has to act`() {
        let instant = Timestamp(seconds: 1_796_000_000)
        #expect(
            DaemonLog.line("node-01  is normal", .warn, at: instant, .utc)
                == "2026-11-30 00:53:20 +00:00 warn  node-01  is normal")
    }

    /// `--reason` with a line break in it wrote lines of the log that nobody could tell from the daemon's own.
    @Test func `no text of a record makes a second line of the log`() {
        let lines = Mutex<[String]>([])
        let log = DaemonLog { line in lines.withLock { $0.append(line) } }
        log.add("held by mika: disk\nerror\u{2028}all is lost\r\n", .info, at: Timestamp(seconds: 1_796_000_000))
        #expect(lines.withLock { $0 } == ["2026-11-30 00:53:20 +00:00 info  held by mika: disk?error?all is lost??"])
    }
}
