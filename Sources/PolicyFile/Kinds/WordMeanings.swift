import Calendars
import Scheduling

extension DrainStep.Mode: Word {
    var meaning: String? {
        switch self {
        case .auto: "block_new_connection where sessions span nodes as the step begins, else block_new_session"
        case .blockNewSession: "live sessions still take connections"
        case .blockNewConnection: "nobody comes in any more, also into live sessions"
        }
    }
}

extension DrainStep.OnDeadline: Word {
    var meaning: String? {
        switch self {
        case .proceed: "goes on with live calls, which a disruptive step will cut"
        case .terminate: "ends the calls that are live, and tells their clients why"
        case .skip: "gives the node back, and goes on with the others"
        case .abort: "gives the node back, and ends the run"
        }
    }
}

extension Command.OnInterrupted: Word {
    var meaning: String? {
        switch self {
        case .fail: "the step has failed: somebody has to look"
        case .rerun: "it is begun once more, when the time of the attempt before is over"
        }
    }
}

extension HealthGate.OnUnknown: Word {
    var meaning: String? {
        switch self {
        case .fail: "counts as bad"
        case .pass: "counts as good"
        case .wait: "counts as nothing: measured again until the timeout"
        }
    }
}

extension OnFailure: Word {
    var meaning: String? {
        switch self {
        case .stay: "the node stays shut until somebody decides"
        case .restore: "the node is opened, unverified"
        }
    }
}

extension OnDrift: Word {
    var meaning: String? {
        switch self {
        case .reassert: "the node is closed again"
        case .yield: "the node is given back, and left alone in this run"
        }
    }
}

extension OnWindowEnd: Word {
    var meaning: String? {
        switch self {
        case .finish: "the sequence goes on to its end"
        case .restore: "the node is given back, whatever is left to do"
        }
    }
}

extension StartOnlyIf: Word {
    var meaning: String? {
        switch self {
        case .always: "any node, until the cutoff"
        case .fits: "those whose longest course ends before the window does"
        }
    }
}

extension Canary.Promote: Word {
    var meaning: String? {
        switch self {
        case .auto: "the others follow when the canary has been good for its soak"
        case .manual: "the others wait for nagi approve"
        }
    }
}

extension ClusterPolicy.Topology: Word {
    var meaning: String? {
        switch self {
        case .clustered: "the nodes form one cluster"
        case .standalone: "each stands alone"
        }
    }
}

extension NotificationPolicy.Format: Word {
    var meaning: String? {
        switch self {
        case .json: "a value with every fact in a field of its own"
        case .slack: "what an incoming webhook of Slack takes"
        }
    }
}

extension NotificationPolicy.Occasion: Word {
    var meaning: String? {
        switch self {
        case .runStarted: "a run begins, its window opens, or it is approved"
        case .runFinished: "a run is over and has not failed"
        case .runFailed: "a run is over and has failed"
        case .runPaused: "a run is paused, by somebody or by what went wrong in it"
        case .stuck: "nothing goes forward in a run for as long as its progressDeadline"
        case .drift: "somebody else set a mode on a node"
        case .fault: "a node has failed, or shows a fault of its own"
        case .approvalNeeded: "a person's word is waited for"
        case .windowSoon: "a window opens soon"
        }
    }
}

extension DSTRule.Gap: Word {
    var meaning: String? {
        switch self {
        case .shift: "later by the length of the gap"
        case .skip: "that occurrence does not happen"
        }
    }
}

extension DSTRule.Overlap: Word {
    var meaning: String? {
        switch self {
        case .first: "the earlier of the two"
        case .last: "the later of the two"
        }
    }
}

extension LabelExpression.Operator: Word { var meaning: String? { nil } }
extension HTTPStep.Method: Word { var meaning: String? { nil } }
