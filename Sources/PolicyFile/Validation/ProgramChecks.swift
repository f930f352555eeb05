import Scheduling

private let runHint = "where it is missing at night, the node is given back and counts as failed"
private let gateHint = "where it is missing at night, the gate is unknown: see `onUnknown`"

extension PolicyValidator {
    /// That what the commands of these steps run is there. A warning: the policies may be meant for another machine.
    func checkPrograms(of steps: [Located<Step>]) {
        for step in steps {
            switch step.value {
            case .run: checkProgram(step.node["run"], missing: runHint)
            case .gate: checkProgram(step.node["gate"], missing: gateHint)
            default: break
            }
        }
    }

    func checkPrograms(of gates: [Located<HealthGate>]) {
        for gate in gates { checkProgram(gate.node, missing: gateHint) }
    }

    private func checkProgram(_ holder: YAMLNode?, missing hint: String) {
        guard let program = holder?["command"]?[0], let path = program.scalar?.text,
            CommandKind.isPath(path), let state = programs.state(path, paths[Int(program.location.file)])
        else { return }
        let words = path.split(separator: " ")
        let asWords = "each argument by itself: [\(words.joined(separator: ", "))]"
        switch state {
        case .executable: break
        case .missing:
            findings.warning(
                .commandNotFound, "\(path) is not on this machine", at: program.location,
                hint: words.count > 1 ? asWords : hint)
        case .directory:
            findings.warning(
                .commandNotFound, "\(path) is a directory, not a program", at: program.location,
                hint: "write the path of a file in it")
        case .notExecutable:
            findings.warning(
                .commandNotExecutable, "\(path) cannot be executed here", at: program.location,
                hint: "chmod +x \(path)")
        }
    }
}
