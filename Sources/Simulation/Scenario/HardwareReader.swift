import ConfigurationFiles

/// Reads what a scenario says of networks, disks and processes.
struct HardwareReader {
    let reader: ScenarioReader

    func readNetwork(_ field: ConfigurationField, into network: inout NetworkPlan) {
        guard let members = field.mapping(keys: ["jitter", "loss", "bandwidth"]) else { return }
        members["jitter"].flatMap { $0.number(in: 0...2) }.map { network.jitter = $0 }
        members["loss"].flatMap { $0.share() }.map { network.loss = $0 }
        members["bandwidth"].flatMap { $0.byteRate(in: 1...1 << 40) }.map { network.bandwidth = $0 }
        if network.loss > 0.9 {
            members["loss"]?.refuse("found \(network.loss)", expected: "a share of at most 90%, or a partition")
        }
    }

    func readDisk(_ field: ConfigurationField, into disk: inout DiskPlan) {
        guard let members = field.mapping(keys: ["sync", "jitter"]) else { return }
        members["sync"].flatMap { $0.duration(in: .zero...(.seconds(60))) }.map { disk.syncLatency = $0 }
        members["jitter"].flatMap { $0.number(in: 0...2) }.map { disk.jitter = $0 }
    }

    func readProcess(_ field: ConfigurationField, into process: inout ProcessPlan) {
        guard let members = field.mapping(keys: ["write", "read", "restart-after"]) else { return }
        members["write"].flatMap { $0.duration(in: .zero...(.seconds(60))) }.map { process.writeCost = $0 }
        members["read"].flatMap { $0.duration(in: .zero...(.seconds(60))) }.map { process.readCost = $0 }
        members["restart-after"].flatMap { $0.duration(in: .milliseconds(1)...(.seconds(3600))) }
            .map { process.restartAfterFailure = $0 }
    }
}
