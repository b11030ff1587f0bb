import Foundation
import Simulation

/// Measures how fast runs are on one core: `simulation-benchmark [--rounds N] SCENARIO...`.
///
/// Each scenario is run with its checkers and without, in turns, and each figure is the median of the rounds; the ratio holds where the
/// figures depend on the machine. Time is that of the processor, so that what else the machine does counts less. One round comes before
/// the others and is not counted.
@main
struct SimulationBenchmark {
    static func main() {
        var paths: [String] = []
        var rounds = 3
        var arguments = CommandLine.arguments.dropFirst()
        while let argument = arguments.popFirst() {
            if argument == "--rounds" {
                rounds = max(1, arguments.popFirst().flatMap { Int($0) } ?? rounds)
            } else {
                paths.append(argument)
            }
        }
        do {
            print(line("scenario", "requests", "requests/s", "µs/request", "simulated s/s", "unchecked", "ratio"))
            for path in paths { try measure(path, rounds: rounds) }
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(1)
        }
    }

    private static func measure(_ path: String, rounds: Int) throws {
        let scenario = try Scenario.load(path: path)
        var (checked, unchecked): ([Double], [Double]) = ([], [])
        var (requestCount, simulatedSeconds) = (0, 0.0)
        for round in 0...rounds {
            for isChecked in [true, false] {
                let start = processorSeconds
                let result = Run(scenario, seed: 1, isChecked: isChecked).run()
                let seconds = processorSeconds - start
                guard round > 0 else { continue }
                if isChecked {
                    (requestCount, simulatedSeconds) = (result.operationCount, result.totalSeconds)
                    checked.append(seconds)
                } else {
                    unchecked.append(seconds)
                }
            }
        }
        let (with, without) = (median(checked), median(unchecked))
        let requests = Double(requestCount)
        print(
            line(
                scenario.name, "\(requestCount)", rounded(requests / with, 0), rounded(with / requests * 1e6, 1),
                rounded(simulatedSeconds / with, 0), rounded(requests / without, 0), rounded(with / without, 2)))
        fflush(nil)
    }

    /// What this process has had of processors, in seconds.
    private static var processorSeconds: Double { Double(clock()) / Double(CLOCKS_PER_SEC) }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    private static func rounded(_ value: Double, _ digitCount: Int) -> String {
        String(format: "%.\(digitCount)f", value)
    }

    private static func line(_ name: String, _ figures: String...) -> String {
        func padding(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(1, width - text.count))
        }
        return figures.reduce(name + padding(name, 16)) { $0 + padding($1, 15) + $1 }
    }
}
