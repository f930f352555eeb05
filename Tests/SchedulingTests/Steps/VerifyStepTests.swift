import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// What `verify` demands, and which reads it believes.
struct VerifyStepTests {
    /// `wants`: what the step says of it, `restarts: false` as `no-restart`.
    static let rows = Row.table(
        """
        wants                       sees                                          move
        -                           -                                             done
        -                           mode=-                                        wait: verify: the node cannot be read
        -                           mode=initial                                  wait: verify: the node has not joined
        -                           mode=draining                                 wait: verify: the node has not joined
        -                           mode=normal                                   wait: verify: the node is not blocked again yet
        -                           mode=session                                  wait: verify: the node is not blocked again yet
        -                           unread                                        wait: verify: the node was not read since
        -                           committed before=1                            wait: verify: the node has not been restarted
        -                           committed before=1 another                    done
        no-restart                  committed before=1                            done
        version={revision}          version=1                                     wait: verify: the version is 1, not 2
        version={revision}          version=-                                     wait: verify: the version is unknown, not 2
        version={revision}          version=2                                     done
        version={revision}          version=2 committed before=1                  done
        version={revision}          version=2 committed before=2                  wait: verify: the node has not been restarted
        version={revision}          version=2 committed before=2 another          done
        version={revision}          version=2.0 revision=2                        wait: verify: the version is 2.0, not 2
        version=sora-{revision}-jp  version=sora-2-jp                             done
        version=sora-{revision}-jp  version=2                                     wait: verify: the version is 2, not sora-2-jp
        version=sora-{revision}-jp  version=sora-2-jp committed before=sora-2-jp  wait: verify: the node has not been restarted
        version=sora-{revision}-jp  version=sora-2-jp committed before=2          done
        version=7                   version=7 revision=-                          done
        version=7                   version=2                                     wait: verify: the version is 2, not 7
        connected                   unlisted                                      wait: verify: a majority of the cluster does not list it as connected
        connected                   -                                             done
        -                           unlisted                                      done
        ready                       ready=no                                      wait: verify: the readiness probe does not answer 200
        ready                       ready=-                                       wait: verify: the readiness probe does not answer 200
        ready                       -                                             done
        -                           ready=no                                      done
        connected                   unlisted late                                 fail: verify: a majority of the cluster does not list it as connected
        -                           mode=- late                                   fail: verify: the node cannot be read
        version={revision}          version=2 late                                done
        -                           claim=- mode=normal                           done
        """)

    @Test(arguments: rows) func `verify`(row: Row) throws {
        var step = VerifyStep()
        for word in try row.words("wants") {
            switch word {
            case "connected": step.connected = true
            case "ready": step.ready = true
            case "no-restart": step.restarts = false
            default: step.version = String(word.dropFirst("version=".count))
            }
        }
        try check(row, .verify(step))
    }

    @Test func `the wanted version is named in texts and lists`() {
        let step = VerifyStep(version: "{revision} (build {revision})")
        #expect(step.wantedVersion(revision: "2") == "2 (build 2)")
        #expect(step.wantedVersion(revision: nil) == "{revision} (build {revision})")
        #expect(VerifyStep().wantedVersion(revision: "2") == nil)
    }
}
