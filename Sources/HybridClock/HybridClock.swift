// Hybrid logical clocks: time stamps that are close to physical time and yet respect causality.
//
// Source: Kulkarni, Demirbas, Madappa, Avva and Leone, "Logical Physical Clocks and Consistent Snapshots in Globally Distributed
// Databases", 2014. Reading order: `HybridTimestamp`, `HybridLogicalClock`.
