import Daemon
import Dispatch

/// A file that does not answer until it is told to: somebody is at it.
struct HangingFile: Sendable {
    private let isBack = DispatchSemaphore(value: 0)

    init(_ path: String, on disk: DiskDesk) async {
        let (isBack, isBusy) = (isBack, DispatchSemaphore(value: 0))
        Task {
            try? await disk.answer(about: path, within: .seconds(60)) {
                isBusy.signal()
                // A test that has failed meanwhile goes on by itself.
                _ = isBack.wait(timeout: .now() + 20)
            }
        }
        await Task.detached { isBusy.wait() }.value
    }

    func goOn() { isBack.signal() }
}
