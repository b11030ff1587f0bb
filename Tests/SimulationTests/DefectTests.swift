import Testing

@testable import Simulation

@Suite("The checkers")
struct DefectTests {
    /// How many seeds a defect may take.
    static let seeds: ClosedRange<UInt64> = 1...3
    /// For which ones the scenarios are run without any; sweeps of the shipped scenarios look at more.
    static let cleanSeeds: ClosedRange<UInt64> = 1...2

    @Test("say nothing where nothing is wrong", arguments: DefectScenario.allCases)
    func clean(scenario: DefectScenario) {
        for seed in Self.cleanSeeds {
            let violations = scenario.violations(seed: seed) { _ in SimulationHooks() }
            #expect(violations.isEmpty, "\(scenario), seed \(seed): \(violations.prefix(3).map(\.text))")
        }
    }

    @Test("notice every mistake that is made on purpose, within three seeds", arguments: Defect.all)
    func defect(_ defect: Defect) {
        for seed in Self.seeds {
            // The whole run is looked at only where another checker was the first: a region that begins anew for ever takes minutes.
            var violations = defect.scenario.violations(seed: seed, endsAtFirst: true, hooks: defect.hooks)
            guard !violations.isEmpty else { continue }
            if !violations.contains(where: { defect.checkers.contains($0.checker) }) {
                violations = defect.scenario.violations(seed: seed, hooks: defect.hooks)
            }
            let found = violations.first { defect.checkers.contains($0.checker) }
            #expect(found != nil, "\(defect) was noticed by others: \(violations.prefix(5))")
            if let found {
                print("| \(defect) | \(defect.scenario) | \(found.checker) | \(seed) | \(found.text) |")
            }
            return
        }
        Issue.record("\(defect): nobody noticed in \(defect.scenario)")
    }
}
