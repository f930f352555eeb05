import Scheduling

/// What the values of the document consist of.
extension StatusDocument {
    package struct RefusedReload: Codable, Hashable, Sendable {
        package var at: String
        @Nullable package var digest: String?
        package var reasons: [String]
        /// Where they are, on the daemon's host.
        @Nullable package var path: String?

        /// What says all of it: what was understood is refused for what is beside the policies.
        var check: String { "nagi \(digest == nil ? "check" : "preflight") \(path ?? "PATH")" }
    }

    package struct Budget: Codable, Hashable, Sendable {
        package var unavailable: Int
        package var maxUnavailable: Int
        @Nullable package var minAvailable: Int?
        /// The tighter of both, now.
        package var limit: Int
    }

    package struct Failed: Codable, Hashable, Sendable {
        package var run: String
        package var mode: String
        package var reason: String
        package var since: String
        /// The step whose command may still run: nothing was heard of it since it began. Nobody goes on beside it but by force.
        @Nullable package var openCommand: String?

        /// - Parameter isHeld: somebody holds the node, and is asked first.
        func retry(_ node: String, isHeld: Bool) -> String {
            "nagi retry \(run) \(node)\(isHeld || openCommand != nil ? " --force" : "")"
        }

        func release(_ node: String) -> String {
            "nagi release \(node)\(openCommand == nil ? "" : " --force") --reason …"
        }
    }

    package struct Command: Codable, Hashable, Sendable {
        package var run: String
        /// The step's name.
        package var step: String
        package var outcome: String
        /// The last lines of what it printed.
        package var lines: [String]
        /// Where all of it is, on the daemon's host; where it is `cut`, only the start of it.
        @Nullable package var path: String?
        package var cut: Bool

        /// What it printed, line by line, and where the whole is.
        var printed: [String] {
            guard !lines.isEmpty else { return [] }
            let what = cut ? "the start of the output" : "the whole output"
            return lines.map { "\(step) printed: \($0)" } + (path.map { ["\(what) of \(step): \($0)"] } ?? [])
        }
    }

    package struct Verdict: Codable, Hashable, Sendable {
        package var code: String
        package var text: String
        @Nullable package var until: String?
    }

    package struct Claim: Codable, Hashable, Sendable {
        package var owner: String
        package var mode: String
        package var reason: String
        package var since: String
        /// When it ends or nagi gives up; null: nobody knows, or the time stands.
        @Nullable package var until: String?
        /// What is left of a time that stands.
        @Nullable package var leftSeconds: Int?
    }

    package struct RunNode: Codable, Hashable, Sendable {
        package var name: String
        package var phase: String
        @Nullable package var step: String?
        package var since: String
        /// When its step gives up; null: never, or the time stands.
        @Nullable package var until: String?
        /// What is left of a time that stands.
        @Nullable package var leftSeconds: Int?
        @Nullable package var error: String?
        @Nullable package var group: String?
        package var isCanary: Bool
        package var milestones: Milestones
    }

    package struct Milestones: Codable, Hashable, Sendable {
        @Nullable package var claimedAt: String?
        @Nullable package var drainedAt: String?
        @Nullable package var blockedAt: String?
        /// When all steps before `restore` were done.
        @Nullable package var throughAt: String?
        @Nullable package var restoredAt: String?
        @Nullable package var drainedInSeconds: Int?
        @Nullable package var outOfServiceSeconds: Int?
        @Nullable package var leaked: Int?
        /// Connections that its commands cut on purpose.
        @Nullable package var cut: Int?

        /// How a part ended that came through its steps before: `through its steps and then held`; nil: it did not.
        func ending(_ phase: String) -> String? {
            guard throughAt != nil, let result = PartResult(rawValue: phase), result.mayFollowSteps else { return nil }
            return result.afterSteps
        }
    }

    package struct Policy: Codable, Hashable, Sendable {
        package var name: String
        /// `open`, `closed`, `frozen`, `suspended`.
        package var state: String
        @Nullable package var reason: String?
        /// When it opens next: after this, where it is open.
        @Nullable package var next: String?
        /// How long it is open or frozen; null: no end is in sight, or it is neither.
        @Nullable package var until: String?
    }

    /// A node that nagi is to open and has not opened yet.
    package struct Owed: Codable, Hashable, Sendable {
        package var node: String
        package var mode: String
        package var since: String
        /// Why it has not been opened.
        package var text: String
    }

    /// A member of a cluster that the policies do not name.
    package struct Unlisted: Codable, Hashable, Sendable {
        package var cluster: String
        package var name: String
        package var temporary: Bool
        package var serving: Bool
    }

    /// Of one run, or of everything: by an operator, or by what went wrong in the run.
    package struct Pause: Codable, Hashable, Sendable {
        @Nullable package var run: String?
        /// `person`, `failures`, `canary`, `approval`, `gate`, `progress`.
        package var cause: String
        @Nullable package var actor: String?
        package var reason: String
        package var restore: Bool
        package var since: String
        @Nullable package var until: String?
    }

    package struct Alarm: Codable, Hashable, Sendable {
        package var code: String
        package var text: String
        package var since: String
        @Nullable package var cluster: String?
        @Nullable package var node: String?
        @Nullable package var run: String?
    }

    /// A receiver of notices that does not take them, until it takes one again.
    package struct Undelivered: Codable, Hashable, Sendable {
        package var notification: String
        package var since: String
        /// Notices that were given up; 0: the first is tried again.
        package var lost: Int
        /// Why, in the latest attempt.
        package var text: String
    }
}
