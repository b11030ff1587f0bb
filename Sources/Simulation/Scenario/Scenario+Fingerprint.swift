import ConfigurationFiles

extension Scenario {
    /// A hash of everything that a run depends on beside the seed and the program, in 16 hexadecimal digits.
    ///
    /// It covers the scenario's values and the topology's, and neither the description and comments nor the form that they are written in,
    /// nor where the files lie. It is FNV-1a, by Fowler, Noll and Vo: enough to tell scenarios apart, not to withstand a forger.
    public var fingerprint: String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var scenario = self
        scenario.description = ""
        var topology = topology
        // No run depends on them, and no hash should tell of secrets.
        topology.accessKeys = []
        for text in [scenario.text(topologyPath: "."), topology.description] {
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            // No text has the byte, so that none runs into the next.
            hash = (hash ^ 0xFF) &* 0x100_0000_01B3
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
