import ConfigurationFiles
import Testing

@testable import Simulation

@Suite("Problems of scenario files")
struct ScenarioProblemTests {
    /// The problems of a scenario whose first lines are these five, so that `more` begins on line 6.
    private func problems(_ more: String, duration: String = "10m") -> [String] {
        let text = """
            topology: ../Regions/three-continents.yaml
            duration: \(duration)
            tables:
              - {name: orders, indexes: [{name: by-group}]}
              - {name: local, replicas: [us-east-1]}
            \(more)
            """
        do {
            _ = try Scenario.parse(
                more.contains("workload:") ? text : text + "\nworkload: []", file: "s.yaml",
                folder: RandomScenario.shipped)
            return []
        } catch {
            return error.description.split(separator: "\n").map(String.init)
        }
    }

    @Test func `all problems are told at once, each with its line and what is allowed`() throws {
        let text = """
            topology: ../Regions/three-continents.yaml
            duration: tomorrow
            colour: blue
            tables:
              - {name: o, replicas: [us-east-1, mars]}
              - {name: orders, replicas: [us-east-1, us-east-1]}
            workload:
              - {table: nothing, arrival: {poisson: 50}, mix: ycsb-g, keys: {count: 0}}
            faults:
              - {at: 1s, crash: nowhere}
            expectations:
              - converges: 30s
            """
        let error = #expect(throws: ConfigurationError.self) {
            try Scenario.parse(text, file: "s.yaml", folder: RandomScenario.shipped)
        }
        let problems = try #require(error).description.split(separator: "\n").map(String.init)
        let places = [
            "s.yaml:2: duration: found 'tomorrow'; expected a duration such as",
            "s.yaml:3: colour: unknown key; expected one of",
            "s.yaml:5: tables[0].name: found 'o'; expected 3 to 255",
            "s.yaml:5: tables[0].replicas[1]: no region is called 'mars'; expected one of us-east-1",
            "s.yaml:6: tables[1].replicas[1]: 'us-east-1' is in the list twice",
            "s.yaml:8: workload[0].arrival.poisson: found '50'; expected a rate such as 50/s",
            "s.yaml:8: workload[0].mix: found 'ycsb-g'; expected ycsb-a to ycsb-f",
            "s.yaml:8: workload[0].keys.count: found '0'; expected a whole number from 1",
            "s.yaml:10: faults[0].crash: no region is called 'nowhere'; expected one of us-east-1, eu-west-1, ap-northeast-1",
            "s.yaml:12: expectations[0].converges: unknown expectation; expected one of converges-within",
        ]
        #expect(problems.count == places.count)
        for (problem, place) in zip(problems, places) { #expect(problem.hasPrefix(place), "\(problem)") }
    }

    @Test func `a topology with problems tells them at the line that names it`() {
        func problem(_ file: String) -> String? {
            do {
                _ = try Scenario.parse(
                    "duration: 1m\ntopology: \(file)\ntables: []\nworkload: []\nfaults: [{at: 1s, crash: anything}]",
                    file: "s.yaml", folder: RandomScenario.shipped)
                return nil
            } catch { return error.description }
        }
        #expect(problem("none.yaml")?.contains("s.yaml:2: topology: ") == true)
        #expect(problem("region-outage.yaml")?.contains("s.yaml:2: topology: ") == true)
    }

    @Test(arguments: [
        ("{at: 11m, crash: us-east-1}", "faults[0].at: found '11m'; expected a duration such as"),
        ("{at: 9m, for: 2m, crash: us-east-1}", "faults[0].for: it ends at 11m, after the scenario"),
        ("{for: 2m, crash: us-east-1}", "faults[0]: 'at' is missing"),
        ("{at: 1s}", "faults[0]: nothing goes wrong in it"),
        ("{at: 1s, crush: us-east-1}", "faults[0].crush: unknown key"),
        ("{at: 1s, crash: us-east-1, pause: us-east-1}", "faults[0]: found crash and pause; expected one kind"),
        ("{at: 1s, for: 1s, reset: {from: us-east-1, to: eu-west-1}}", "faults[0].for: 'reset' is over at once"),
        ("{at: 1s, reset: {from: us-east-1, to: us-east-1}}", "faults[0].reset.to: it is the same region"),
        ("{at: 1s, slow-link: {from: us-east-1, to: eu-west-1}}", "faults[0].slow-link: nothing makes it slow"),
        ("{at: 1s, leap-smear: {region: us-east-1, by: 1s}}", "faults[0].at: 'leap-smear' needs to know"),
        ("{at: 1s, for: 1s, leap-smear: {region: us-east-1, by: 1s}}", "faults[0].for: the clock would stand still"),
        ("{at: 1s, clock-step: {region: us-east-1, by: 0s}}", "faults[0].clock-step.by: found '0s'"),
        ("{at: 1s, clock-step: {region: us-east-1, by: --1s}}", "faults[0].clock-step.by: found '--1s'"),
        ("{at: 1s, slow-process: {region: us-east-1, factor: nan}}", "faults[0].slow-process.factor: found 'nan'"),
        ("{at: 1s, bit-flips: {region: us-east-1, share: 101%}}", "faults[0].bit-flips.share: found '101%'"),
        ("{at: 1s, partition: [[us-east-1]]}", "faults[0].partition: found 1 groups"),
        ("{at: 1s, partition: [[us-east-1], [us-east-1]]}", "faults[0].partition[1]: 'us-east-1' is in two groups"),
        ("{at: 1s, create-table: {name: orders}}", "faults[0]: there already is a table 'orders' then"),
        ("{at: 1s, delete-table: {table: none, region: us-east-1}}", "faults[0]: there is no table 'none' then"),
        (
            "{at: 1s, create-table: {name: more, stream: ALL}}",
            "faults[0].create-table.stream: found 'ALL'; expected KEYS_ONLY, NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES"
        ),
        (
            "{at: 1s, delete-table: {table: local, region: eu-west-1}}",
            "faults[0]: 'local' has no replica in 'eu-west-1'"
        ),
        (
            "{at: 1s, add-replica: {table: orders, region: eu-west-1, by: us-east-1}}",
            "faults[0]: 'orders' has a replica in 'eu-west-1' already"
        ),
        (
            "{at: 1s, remove-replica: {table: local, region: us-east-1, by: us-east-1}}",
            "faults[0]: it is the last replica"
        ),
        ("{at: 1s, add-index: {table: orders, name: by-group, by: us-east-1}}", "faults[0]: 'orders' has an index"),
        ("{at: 1s, remove-index: {table: local, name: abc, by: us-east-1}}", "faults[0]: 'local' has no index"),
        (
            "{at: 1s, change-setting: {table: local, index: abc, max-reads: 5, by: us-east-1}}",
            "faults[0]: 'local' has no index"
        ),
        (
            "{at: 1s, create-table: {name: made, indexes: [{name: own, local: true}]}}",
            "faults[0].create-table.indexes[0]: a local index of a table without a sort key"
        ),
        (
            "{at: 1s, create-table: {name: made, sort-key: true, indexes: [{name: own, local: true, sort-key: false}]}}",
            "faults[0].create-table.indexes[0].sort-key: a local index without a sort key"
        ),
        (
            "{at: 1s, add-index: {table: orders, name: own, local: true, by: us-east-1}}",
            "faults[0].add-index.local: unknown key"
        ),
        (
            "{at: 1s, change-setting: {table: local, billing: FREE, by: us-east-1}}",
            "faults[0].change-setting.billing: found 'FREE'; expected PROVISIONED or PAY_PER_REQUEST"
        ),
        (
            "{at: 1s, change-setting: {table: orders, replica: us-east-1, max-reads: 5, by: us-east-1}}",
            "faults[0]: it is the region that is asked; expected the region of another replica"
        ),
        (
            "{at: 1s, change-setting: {table: orders, replica: us-east-1, class: STANDARD, by: eu-west-1}}",
            "faults[0].change-setting.replica: another setting of one replica than max-reads"
        ),
        (
            "{at: 1s, change-setting: {table: local, warm-reads: 5, by: us-east-1}}",
            "faults[0].change-setting: one of warm-reads and warm-writes; expected both"
        ),
        (
            "{at: 1s, change-setting: {table: local, encryption: true, time-to-live: true, by: us-east-1}}",
            "faults[0].change-setting: found 2 settings; expected one of class"
        ),
    ])
    func `a fault that cannot be is refused`(fault: String, problem: String) {
        let found = problems("faults:\n  - \(fault)")
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("s.yaml:7: \(problem)") == true, "\(found)")
    }

    @Test func `recorded requests say when and what by themselves, and problems of their file are told`() {
        let found = problems(
            "workload:\n  - {table: orders, trace: none.csv, arrival: {poisson: 1/s}, mix: {read: 1}, keys: {count: 1}}"
        )
        let refusal = "the trace says that; expected 'trace', or 'arrival', 'mix' and 'keys'"
        #expect(
            found.sorted()
                == ["arrival", "keys", "mix"].map { "s.yaml:7: workload[0].\($0): \(refusal)" } + [
                    "s.yaml:7: workload[0].trace: none.csv: there is no such file"
                ])
        #expect(
            problems("workload: [{table: orders, trace: {table: orders}}]") == [
                "s.yaml:6: workload[0].trace: 'file' is missing"
            ])
        #expect(
            problems("workload: [{table: orders}]").sorted()
                == ["arrival", "keys", "mix"].map { "s.yaml:6: workload[0]: '\($0)' is missing" })
    }

    @Test(arguments: [
        ("for: 2m, crash: us-east-1", "for: 1m, restart: us-east-1", "the process of us-east-1 until 3m"),
        ("crash: us-east-1", "for: 1m, pause: us-east-1", "the process of us-east-1 until the end"),
        (
            "for: 2m, slow-link: {from: us-east-1, to: eu-west-1, latency: 2}",
            "slow-link: {from: us-east-1, to: eu-west-1, latency: 4}", "the speed from us-east-1 to eu-west-1 until 3m"
        ),
        (
            "for: 2m, flapping: {from: us-east-1, to: eu-west-1, down: 1s, up: 1s}",
            "flapping: {from: eu-west-1, to: us-east-1, down: 1s, up: 1s}",
            "the link of eu-west-1 and us-east-1 until 3m"
        ),
    ])
    func `two faults cannot have one thing at one time`(first: String, second: String, clash: String) {
        // The later one stands first in the file, and is the one that is refused.
        let found = problems("faults:\n  - {at: 2m, \(second)}\n  - {at: 1m, \(first)}")
        #expect(found == ["s.yaml:7: faults[0]: faults[1] has \(clash); expected a time when it is over"])
        #expect(
            problems("faults:\n  - {at: 3m, \(second)}\n  - {at: 1m, \(first)}").isEmpty == !first.hasPrefix("crash"))
    }

    @Test(arguments: [
        ("regions: eu-west-1, table: local", "workload[0].regions: 'local' has no replica in 'eu-west-1'"),
        ("table: none", "workload[0].table: no table is called 'none'; expected one of orders, local"),
        ("table: orders, from: 5m, until: 5m", "workload[0].until: found '5m'; expected a time after"),
        ("table: orders, failover: some", "workload[0].failover: found 'some'; expected none or"),
        ("table: orders, item-size: 1MiB", "workload[0].item-size: found '1MiB'"),
        ("table: orders, retries: often", "workload[0].retries: found 'often'; expected none, standard, adaptive"),
        ("table: orders, retries: {max-attempts: 3}", "workload[0].retries: 'mode' is missing"),
        (
            "table: orders, retries: {mode: standard, backoff: 2s, backoff-max: 1s}",
            "workload[0].retries.backoff-max: 'backoff-max' is less than 'backoff'; expected at least 2s"
        ),
        (
            "table: orders, failover: {after-errors: 1, back-after: 1s, order: [mars]}",
            "workload[0].failover.order[0]: no region is called 'mars'"
        ),
        ("table: orders, until: 11m", "workload[0].until: found '11m'"),
    ])
    func `clients that cannot be are refused`(fields: String, problem: String) {
        let found = problems(
            "workload:\n  - {\(fields), arrival: {poisson: 1/s}, mix: {read: 1}, keys: {count: 1}}")
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("s.yaml:7: \(problem)") == true, "\(found)")
    }

    @Test(arguments: [
        ("arrival: {poisson: 0/s}", "arrival.poisson: found '0/s'"),
        ("arrival: {poisson: 1/d}", "arrival.poisson: found '1/d'"),
        ("arrival: {poisson: 1/s, closed: {clients: 1}}", "arrival: found poisson and closed"),
        ("arrival: {}", "arrival: found "),
        ("arrival: {diurnal: {low: 2/s, high: 1/s, period: 1h}}", "arrival.diurnal: 'high' is less"),
        ("arrival: {burst: {base: 1/s, peak: 2/s, every: 1s, length: 2s}}", "arrival.burst.length: it is longer"),
        ("mix: {}", "mix: no kind of request"),
        ("mix: {read: 0}", "mix: no kind of request"),
        ("mix: {read: -1, put: 1}", "mix.read: found '-1'"),
        ("keys: {count: 1, distribution: normal}", "keys.distribution: found 'normal'"),
        ("keys: {count: 1, distribution: {zipfian: 1}}", "keys.distribution.zipfian: found '1'"),
        (
            "keys: {count: 1, distribution: {hot-set: {keys: 2, requests: 1}}}",
            "keys.distribution.hot-set.keys: found '2'"
        ),
    ])
    func `a workload that cannot be is refused`(field: String, problem: String) {
        let fields = ["arrival: {poisson: 1/s}", "mix: {read: 1}", "keys: {count: 1}"].map { usual in
            usual.prefix(4) == field.prefix(4) ? field : usual
        }
        let found = problems("workload:\n  - {table: orders, \(fields.joined(separator: ", "))}")
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("s.yaml:7: workload[0].\(problem)") == true, "\(found)")
    }

    @Test(arguments: [
        ("count: 3, within: [1s, 9m], lasting: [1s, 2m]", "lasting: the last fault could end at 11m"),
        ("count: [3, 2], within: [1s, 2s], lasting: 1s", "count: the first value is above the second"),
        ("count: [1, 2, 3], within: [1s, 2s], lasting: 1s", "count: the list has another number"),
        ("count: 1, within: [1s, 2s], lasting: 1s, kinds: [disk-full]", "kinds[0]: 'disk-full' can't be drawn"),
        ("count: 1, within: [1s, 2s], lasting: 1s, kinds: [storm]", "kinds[0]: no kind of fault is called 'storm'"),
        ("count: 1, within: [1s, 2s], lasting: 1s, kinds: some", "kinds: found 'some'; expected all"),
        ("count: 1, within: [1s, 2s]", ": 'lasting' is missing"),
    ])
    func `random faults that cannot be are refused`(fields: String, problem: String) {
        let found = problems("random-faults: {\(fields)}")
        #expect(found.count == 1)
        let place = problem.hasPrefix(":") ? "" : "."
        #expect(found.first?.hasPrefix("s.yaml:6: random-faults\(place)\(problem)") == true, "\(found)")
    }

    @Test(arguments: [
        ("staleness-p0: {below: 1s}", "staleness-p0: no such percentile; expected one above 0 and up to 100"),
        ("staleness-p101: {below: 1s}", "staleness-p101: no such percentile"),
        ("staleness-pmax: {below: 1s}", "staleness-pmax: no such percentile"),
        ("staleness: {below: 1s}", "staleness: unknown expectation; expected one of converges-within"),
        ("staleness-p99: 1s", "staleness-p99: found '1s'; expected a mapping with from"),
        ("lost-acknowledged-writes: -1", "lost-acknowledged-writes: found '-1'"),
        ("unavailability: {region: mars, below: 1%}", "unavailability.region: no region is called 'mars'"),
        ("unavailability: {region: us-east-1}", "unavailability: 'below' is missing"),
        ("conflicts: 1", "conflicts: found '1'; expected a mapping with at-least"),
        (
            "latency-p0: {below: 1s}",
            "latency-p0: no such percentile; expected one above 0 and up to 100, such as latency-p50"
        ),
        ("latency-p99: {region: mars, below: 1s}", "latency-p99.region: no region is called 'mars'"),
        (
            "latency-p99: {during: outages, below: 1s}",
            "latency-p99.during: found 'outages'; expected one of all, faults, no-faults"
        ),
        ("staleness-p99: {from: us-east-1, to: us-east-1, below: 1s}", "staleness-p99.to: it is the same region"),
        ("recovery-point: 2s", "recovery-point: found '2s'; expected a mapping with below"),
        ("recovery-time: {below: 1}", "recovery-time.below: found '1'; expected a duration"),
        ("shipped-bytes: {below: 0}", "shipped-bytes.below: found '0'; expected a number of bytes"),
        ("index-active-within: soon", "index-active-within: found 'soon'; expected a duration"),
        ("failover-within: {below: 1s}", "failover-within: found a mapping; expected a duration"),
    ])
    func `an expectation that cannot be is refused`(text: String, problem: String) {
        let found = problems("expectations:\n  - \(text)")
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("s.yaml:7: expectations[0].\(problem)") == true, "\(found)")
    }
}
