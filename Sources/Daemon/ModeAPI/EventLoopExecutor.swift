import NIOCore

/// Runs tasks on the thread of an event loop: a call and what is made of its answer need no other thread.
///
/// For what does not take long. Everything else of the loop waits meanwhile.
final class EventLoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) {
        self.loop = loop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
