// swift-tools-version: 6.2
import PackageDescription

/// One set of compiler settings for every target: what the language will make the default, and no warning let through.
let settings: [SwiftSetting] = [
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0335-existential-any.md
    .enableUpcomingFeature("ExistentialAny"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0444-member-import-visibility.md
    .enableUpcomingFeature("MemberImportVisibility"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0409-access-level-on-imports.md
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
    // Checked by every test, as those are debug builds; the checks took an eighth of a simulation's time.
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

/// A library target in `Sources`, with the settings that all of them share.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// The unit and property tests of one library target.
func tests(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name), "TestSupport"] + dependencies, resources: resources,
        swiftSettings: settings)
}

/// A program that only benchmarks run, in `Tests/Benchmarks`.
func benchmark(_ name: String, _ path: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies, path: "Tests/Benchmarks/\(path)", swiftSettings: settings)
}

/// What serves and links regions: SwiftNIO on sockets.
let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
]
let embedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
    name: "meridian",
    products: [.executable(name: "meridian", targets: ["meridian"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CRocksDB", pkgConfig: "rocksdb", providers: [.apt(["librocksdb-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        library("HostClock"),
        library("HybridClock"),
        library("ItemModel"),
        library("Expressions", ["ItemModel"]),
        library("KeyValueStore"),
        library("RocksDBStore", ["KeyValueStore", "CRocksDB"]),
        library("RegionStore", ["HybridClock", "ItemModel", "Expressions", "KeyValueStore"]),
        library("Replication", ["HybridClock", "ItemModel", "KeyValueStore", "RegionStore"]),
        library(
            "RegionCore",
            [
                "ConfigurationFiles", "HybridClock", "ItemModel", "KeyValueStore", "RegionStore", "Replication", deque,
            ]),
        library("ReplicationTransport", nio + ["CZstd", "COpenSSL"]),
        library("ConfigurationFiles", [.product(name: "Yams", package: "Yams")]),
        library(
            "Simulation",
            [
                "ConfigurationFiles", "HybridClock", "ItemModel", "Expressions", "KeyValueStore", "RegionStore",
                "Replication", "RegionCore", .product(name: "Histogram", package: "hdrhistogram-swift"),
            ]),
        library("AWSProtocol", ["ItemModel", "COpenSSL"]),
        library(
            "DynamoAPI", ["AWSProtocol", "HybridClock", "ItemModel", "Expressions", "RegionStore", "KeyValueStore"]),
        library(
            "RegionServer",
            nio + [
                "AWSProtocol", "CZlib", "HostClock", "HybridClock", "KeyValueStore", "RocksDBStore", "RegionStore",
                "Replication",
                "RegionCore", "ReplicationTransport", "DynamoAPI", logging, "ConfigurationFiles",
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ]),
        .executableTarget(
            name: "meridian",
            dependencies: nio + [
                "AWSProtocol", "ConfigurationFiles", "RegionServer", "ReplicationTransport", "Simulation", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),
        benchmark("baseline-server", "Endpoint/BaselineServer", nio),
        .executableTarget(name: "load-generator", path: "Tests/Benchmarks/Endpoint/LoadGenerator"),
        benchmark("simulation-benchmark", "Simulation/Program", ["Simulation"]),
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
        .target(
            name: "KeyValueStoreConformance", dependencies: ["KeyValueStore", "TestSupport"],
            path: "Tests/KeyValueStoreConformance", swiftSettings: settings),
        tests("HostClock"),
        tests("HybridClock"),
        tests("ItemModel"),
        tests("Expressions", ["ItemModel"]),
        tests("KeyValueStore", ["KeyValueStoreConformance"]),
        tests("RocksDBStore", ["KeyValueStore", "KeyValueStoreConformance"]),
        tests("RegionStore", ["HybridClock", "ItemModel", "Expressions", "KeyValueStore"]),
        tests("Replication", ["HybridClock", "ItemModel", "Expressions", "KeyValueStore", "RegionStore"]),
        tests(
            "RegionCore",
            [
                "ConfigurationFiles", "HybridClock", "ItemModel", "Expressions", "KeyValueStore", "RegionStore",
                "Replication", deque,
            ]),
        tests("ReplicationTransport", nio + ["COpenSSL", embedded]),
        tests("ConfigurationFiles"),
        tests(
            "Simulation",
            [
                "ConfigurationFiles", "HybridClock", "ItemModel", "KeyValueStore", "RegionStore", "Replication",
                "RegionCore",
            ]),
        tests("AWSProtocol", ["ItemModel", "COpenSSL"]),
        tests(
            "DynamoAPI",
            [
                "AWSProtocol", "HybridClock", "ItemModel", "Expressions", "RegionStore", "KeyValueStore", "RegionCore",
                "Replication", deque,
            ]),
        tests(
            "RegionServer",
            nio + [
                "AWSProtocol", "CZlib", logging, embedded, "ConfigurationFiles", "HybridClock", "ItemModel",
                "KeyValueStore", "RegionStore", "Replication", "RegionCore", "ReplicationTransport", "Simulation",
            ]),
        .testTarget(
            name: "CommandLineTests", dependencies: ["meridian", "ConfigurationFiles", "RegionServer", "Simulation"],
            path: "Tests/CommandLineTests",
            swiftSettings: settings),
    ]
)
