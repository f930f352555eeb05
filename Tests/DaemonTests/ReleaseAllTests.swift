import Daemon
import Foundation
import Synchronization
import Testing

@testable import Scheduling

/// How `nagi release --all` ends: the program, against an API that answers what a test wants.
@Suite struct ReleaseAllTests {
    private final class Orders: Sendable {
        let all = Mutex<[LeverOrder]>([])
    }

    private let directory: TemporaryDirectory
    private let orders = Orders()

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func nagi(
        _ arguments: [String], answering answer: Result<LeverAnswer, LeverRefusal>
    ) async throws -> (status: Int32, output: String, errors: String) {
        let state = StateDirectory(path: directory.path)
        try state.prepare()
        // The program shows its token to nobody but a daemon.
        let lock = try state.lock()
        defer { withExtendedLifetime(lock) {} }
        let server = APIServer(
            address: try ListenAddress("127.0.0.1:0"), token: try state.token(), board: StatusBoard(),
            pull: { [orders] pull in
                orders.all.withLock { $0.append(pull.order) }
                return answer
            }, ask: { _ in .failure(ControlLoop.isStopping) })
        return try await server.whileServing { address in
            let (program, output, errors) = (Process(), Pipe(), Pipe())
            program.executableURL = URL(fileURLWithPath: NagiBinary.path)
            program.arguments = arguments + ["--state", state.path, "--address", "\(address)"]
            (program.standardOutput, program.standardError) = (output, errors)
            try program.run()
            guard await NagiBinary.eventually({ !program.isRunning }) else {
                program.terminate()
                throw CocoaError(.userCancelled)
            }
            func text(_ pipe: Pipe) -> String {
                String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            }
            return (program.terminationStatus, text(output), text(errors))
        }
    }

    private static func answer(leaving left: [NodeID]) -> LeverAnswer {
        let rest =
            left.isEmpty
            ? "" : ". Left as a command runs there, or may still run: \(left.map(\.name).joined(separator: ", "))"
        return LeverAnswer(
            id: 3, action: .release, text: "everything is paused; released: node-03\(rest)", undo: "nagi resume",
            left: left)
    }

    private static let release = ["release", "--all", "--reason", "calls drop"]

    @Test(arguments: [[], [node01], [node01, node02]])
    func `nodes that are left as a command runs there are named, and the program ends with 4`(
        left: [NodeID]
    ) async throws {
        let answer = Self.answer(leaving: left)
        let told = try await nagi(Self.release, answering: .success(answer))
        #expect(told.status == (left.isEmpty ? 0 : 4), "\(told)")
        // What was released is no error, and is undone as ever.
        let words = told.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(words == "\(answer.text) undo: nagi resume" && told.errors.isEmpty, "\(told)")

        let json = try await nagi(Self.release + ["--format", "json"], answering: .success(answer))
        #expect(json.status == told.status && json.errors.isEmpty, "\(json)")
        let fields = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect(fields?["left"] as? [String] == left.map { "tokyo/\($0.name)" }, "\(json)")
        #expect(fields?["ok"] as? Bool == true && fields?["undo"] as? String == "nagi resume")

        let asked = orders.all.withLock { $0 }
        #expect(asked.map(\.isOfAll) == [true, true] && asked.map(\.reason) == ["calls drop", "calls drop"])
    }

    @Test func `what is refused as a whole ends with 4 too, and says so where errors are said`() async throws {
        let refusal = LeverRefusal(.notNow, "this daemon only observes")
        let told = try await nagi(Self.release, answering: .failure(refusal))
        #expect(told.status == 4 && told.output.isEmpty && told.errors.contains(refusal.message), "\(told)")
    }
}
