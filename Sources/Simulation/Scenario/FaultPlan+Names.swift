import ConfigurationFiles
import RegionStore

extension FaultPlan.Kind {
    /// What scenario files call the kind.
    public var name: String {
        switch self {
        case .crash: "crash"
        case .powerLoss: "power-loss"
        case .restart: "restart"
        case .pause: "pause"
        case .diskLoss: "disk-loss"
        case .oldCopy: "old-copy"
        case .slowProcess: "slow-process"
        case .slowDisk: "slow-disk"
        case .diskErrors: "disk-errors"
        case .diskFull: "disk-full"
        case .bitFlips: "bit-flips"
        case .partition: "partition"
        case .oneWayPartition: "one-way-partition"
        case .flapping: "flapping"
        case .reset: "reset"
        case .slowLink: "slow-link"
        case .clockStep: "clock-step"
        case .clockDrift: "clock-drift"
        case .leapSmear: "leap-smear"
        case .createTable: "create-table"
        case .deleteTable: "delete-table"
        case .addReplica: "add-replica"
        case .removeReplica: "remove-replica"
        case .addIndex: "add-index"
        case .removeIndex: "remove-index"
        case .changeSetting: "change-setting"
        }
    }

    /// All names, in the order of the cases.
    static let names = [
        "crash", "power-loss", "restart", "pause", "disk-loss", "old-copy", "slow-process", "slow-disk", "disk-errors",
        "disk-full", "bit-flips", "partition", "one-way-partition", "flapping", "reset", "slow-link", "clock-step",
        "clock-drift",
        "leap-smear", "create-table", "delete-table", "add-replica", "remove-replica", "add-index", "remove-index",
        "change-setting",
    ]

    /// Whether it is over as soon as it has begun, so that it has no duration.
    public var isOverAtOnce: Bool {
        switch self {
        case .reset, .createTable, .deleteTable, .addReplica, .removeReplica, .addIndex, .removeIndex, .changeSetting:
            true
        case .crash, .powerLoss, .restart, .pause, .diskLoss, .oldCopy, .slowProcess, .slowDisk, .diskErrors,
            .diskFull, .bitFlips,
            .partition, .oneWayPartition, .flapping, .slowLink, .clockStep, .clockDrift, .leapSmear:
            false
        }
    }

    /// The regions that it strikes, each once.
    public var regions: [String] {
        switch self {
        case .crash(let region), .powerLoss(let region), .restart(let region), .pause(let region),
            .diskLoss(let region), .oldCopy(let region), .slowProcess(let region, _), .slowDisk(let region, _),
            .diskErrors(let region),
            .diskFull(let region), .bitFlips(let region, _), .clockStep(let region, _), .clockDrift(let region, _),
            .leapSmear(let region, _):
            [region]
        case .partition(let groups): groups.flatMap(\.self)
        case .oneWayPartition(let from, let to), .flapping(let from, let to, _, _), .reset(let from, let to),
            .slowLink(let from, let to, _, _):
            [from, to]
        case .createTable(let table): Array(table.replicas.prefix(1))
        case .deleteTable(_, let region), .addReplica(_, _, let region), .removeReplica(_, _, let region),
            .addIndex(_, _, let region), .removeIndex(_, _, let region), .changeSetting(_, _, let region):
            [region]
        }
    }

    /// The same for another region; nil where it is not of one region alone.
    func striking(_ region: String) -> FaultPlan.Kind? {
        switch self {
        case .crash: .crash(region: region)
        case .powerLoss: .powerLoss(region: region)
        case .restart: .restart(region: region)
        case .pause: .pause(region: region)
        case .diskLoss: .diskLoss(region: region)
        case .oldCopy: .oldCopy(region: region)
        case .slowProcess(_, let factor): .slowProcess(region: region, factor: factor)
        case .slowDisk(_, let latency): .slowDisk(region: region, latency: latency)
        case .diskErrors: .diskErrors(region: region)
        case .diskFull: .diskFull(region: region)
        case .bitFlips(_, let share): .bitFlips(region: region, share: share)
        case .clockStep(_, let step): .clockStep(region: region, by: step)
        case .clockDrift(_, let rate): .clockDrift(region: region, partsPerMillion: rate)
        case .leapSmear(_, let step): .leapSmear(region: region, by: step)
        case .partition, .oneWayPartition, .flapping, .reset, .slowLink, .createTable, .deleteTable, .addReplica,
            .removeReplica, .addIndex, .removeIndex, .changeSetting:
            nil
        }
    }

    /// What it does, in words: `us-east-1 crashes`.
    public var text: String {
        switch self {
        case .crash(let region): "\(region) crashes"
        case .powerLoss(let region): "\(region) loses power"
        case .restart(let region): "\(region) restarts"
        case .pause(let region): "\(region) is paused"
        case .diskLoss(let region): "\(region) is lost with its disk"
        case .oldCopy(let region): "\(region) gets an old copy of its disk back"
        case .slowProcess(let region, let factor): "\(region) is \(Self.times(factor)) as slow"
        case .slowDisk(let region, let latency): "\(region)'s disk takes \(Figures.duration(latency)) a sync"
        case .diskErrors(let region): "\(region)'s disk fails"
        case .diskFull(let region): "\(region)'s disk is full"
        case .bitFlips(let region, let share): "\(Figures.share(share)) of \(region)'s keys are damaged"
        case .partition(let groups):
            groups.map { $0.joined(separator: ", ") }.joined(separator: " | ") + " partitioned"
        case .oneWayPartition(let from, let to): "\(from) does not reach \(to)"
        case .flapping(let from, let to, _, _): "the link \(from) – \(to) flaps"
        case .reset(let from, let to): "the connections \(from) – \(to) break"
        case .slowLink(let from, let to, _, _): "the way from \(from) to \(to) is slow"
        case .clockStep(let region, let step):
            "\(region)'s clock steps \(step < .zero ? "back" : "ahead") by \(Figures.duration(step < .zero ? .zero - step : step))"
        case .clockDrift(let region, let rate):
            "\(region)'s clock is too \(rate < 0 ? "slow" : "fast") by \(ConfigurationText.number(abs(rate))) ppm"
        case .leapSmear(let region, let step): "\(region)'s clock is smeared by \(Figures.duration(step))"
        case .createTable(let table): "\(table.name) is created"
        case .deleteTable(let name, let region): "\(name) is deleted in \(region)"
        case .addReplica(let table, let region, _): "\(table) gets a replica in \(region)"
        case .removeReplica(let table, let region, _): "\(table) loses its replica in \(region)"
        case .addIndex(let table, let index, _): "\(table) gets the index \(index.name)"
        case .removeIndex(let table, let name, _): "\(table) loses the index \(name)"
        case .changeSetting(let table, let setting, let region): "\(table) gets \(setting.text), asked of \(region)"
        }
    }

    private static func times(_ factor: Double) -> String { "\(ConfigurationText.number(factor)) times" }
}

extension SettingPlan {
    /// What a table gets, in words.
    fileprivate var text: String {
        switch self {
        case .tableClass(let tableClass):
            "the class \(tableClass.rawValue)"
        case .maxima(let read, let write, let index):
            [read.map { "at most \($0) read units" }, write.map { "at most \($0) write units" }].compactMap(\.self)
                .joined(separator: " and ") + (index.map { " of the index \($0)" } ?? "")
        case .replicaMaximum(let region, let read): "at most \(read) read units in \(region)"
        case .billing(.provisioned): "provisioned capacity"
        case .billing(.payPerRequest): "capacity on demand"
        case .warmThroughput(let read, let write): "a warm throughput of \(read) reads and \(write) writes"
        case .encryption(let isOn): isOn ? "encryption with the service's key" : "no encryption of its own"
        case .timeToLive(let isOn): isOn ? "time to live" : "no time to live"
        case .deletionProtection(let isOn): isOn ? "deletion protection" : "no deletion protection"
        }
    }
}
