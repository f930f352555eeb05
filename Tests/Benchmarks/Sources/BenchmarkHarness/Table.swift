import Foundation

/// Results as lines: median, spread, how they compare with the first of them, and the target.
public func table(of results: [Contest.Result], unit: String) -> String {
    let width = results.map(\.name.count).max() ?? 0
    let base = results.first?.median ?? 0
    let lines = results.map { result in
        let name = result.name.padding(toLength: width, withPad: " ", startingAt: 0)
        let (low, high) = (result.rates.min() ?? 0, result.rates.max() ?? 0)
        var line = "\(name)  \(millions(result.median)) \(unit)  (\(millions(low)) … \(millions(high)))"
        if base > 0 { line += String(format: "  ×%.3f", result.median / base) }
        if let target = result.target {
            line += "  target ≥ \(millions(target)): \(result.median >= target ? "reached" : "MISSED")"
        }
        return line
    }
    return lines.joined(separator: "\n")
}

private func millions(_ value: Double) -> String { String(format: "%8.2f M", value / 1e6) }
