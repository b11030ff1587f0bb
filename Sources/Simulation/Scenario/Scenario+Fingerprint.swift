import ConfigurationFiles

extension Scenario {
    /// A hash of everything that a run depends on beside the seed and the program, in 16 hexadecimal digits.
    ///
    /// It covers the scenario's values, the topology's and what is in the files that the scenario names, and neither the description and
    /// comments nor the form that they are written in, nor where the files lie. It is FNV-1a, by Fowler, Noll and Vo: enough to tell
    /// scenarios apart, not to withstand a forger.
    public var fingerprint: String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var scenario = self
        scenario.description = ""
        var topology = topology
        // No run depends on them, and no hash should tell of secrets.
        topology.accessKeys = []
        func mix(_ text: String) {
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            // No text has the byte, so that none runs into the next.
            hash = (hash ^ 0xFF) &* 0x100_0000_01B3
        }
        mix(scenario.text { _ in "." })
        mix(topology.description)
        // What is in the files that the text only names.
        for plan in network.latency { mix("\(plan.distribution)") }
        if network.bandwidthFile != nil { mix("\(network.bandwidthChanges)") }
        for request in workload.compactMap(\.trace).flatMap(\.requests) {
            mix("\(request.at) \(request.operation.rawValue) \(request.byteCount ?? -1)")
            for key in [request.partition, request.sort ?? "", request.region ?? ""] { mix(key) }
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
