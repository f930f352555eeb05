import Foundation

/// Results as lines: median, spread, how they compare with the first of them, the target; with `counts`, how many of
/// them one round did on all threads, also what one of them costs.
public func table(of results: [Contest.Result], unit: String, counts: [Int] = []) -> String {
    let width = results.map(\.name.count).max() ?? 0
    let base = results.first?.median ?? 0
    let lines = results.enumerated().map { place, result in
        let name = result.name.padding(toLength: width, withPad: " ", startingAt: 0)
        let (low, high) = (result.rates.min() ?? 0, result.rates.max() ?? 0)
        var line = "\(name)  \(millions(result.median)) \(unit)  (\(millions(low)) … \(millions(high)))"
        if base > 0 { line += String(format: "  ×%.3f", result.median / base) }
        if counts.indices.contains(place) {
            let each = median(result.processorSeconds) / Double(counts[place]) * 1e9
            line += String(format: "  %7.1f ns of processor each", each)
        }
        if let target = result.target {
            line += "  target ≥ \(millions(target)): \(result.median >= target ? "reached" : "MISSED")"
        }
        return line
    }
    return lines.joined(separator: "\n")
}

private func millions(_ value: Double) -> String { String(format: "%8.2f M", value / 1e6) }
