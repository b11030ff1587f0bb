import AWSProtocol
import ItemModel
import RegionStore

/// The capacity, stream and class settings of a request that creates or changes a table.
enum CapacityReading {
    /// More than this many units the service calls out of bounds.
    private static let maximumUnits = 1_000_000_000_000

    /// Reads `ProvisionedThroughput`, whose members the shape requires.
    static func throughput(_ json: JSONValue) -> Throughput {
        Throughput(read: json["ReadCapacityUnits"]?.integer ?? 1, write: json["WriteCapacityUnits"]?.integer ?? 1)
    }

    /// Checks what the shape leaves open of a throughput.
    static func check(_ throughput: Throughput, of index: Text? = nil) throws(DynamoFault) {
        let suffix = index.map { " for index \($0)" } ?? " for table"
        for (units, name) in [(throughput.read, "ReadCapacityUnits"), (throughput.write, "WriteCapacityUnits")]
        where units > maximumUnits {
            throw .validation("Given value \(units) for \(name) is out of bounds\(suffix)")
        }
    }

    /// Reads `OnDemandThroughput`; -1 in it is no maximum.
    static func onDemandThroughput(_ json: JSONValue?) throws(DynamoFault) -> OnDemandThroughput? {
        guard let json else { return nil }
        return OnDemandThroughput(
            maximumRead: try maximum(json["MaxReadRequestUnits"], "MaxReadRequestUnits"),
            maximumWrite: try maximum(json["MaxWriteRequestUnits"], "MaxWriteRequestUnits"))
    }

    /// Reads a maximum in request units; nil for -1 and where it is absent.
    static func maximum(_ json: JSONValue?, _ name: String) throws(DynamoFault) -> Int? {
        guard let units = json?.integer, units != -1 else { return nil }
        guard units >= 1 else {
            throw .invalidParameters("\(name) must be greater than or equal to 1, or -1")
        }
        return units
    }

    /// Reads the maximum of a replica that overrides its table's; -1 is none, nil leaves it as it is.
    static func overridingMaximum(_ json: JSONValue?, _ name: String) throws(DynamoFault) -> Int? {
        json?.integer == -1 ? -1 : try maximum(json, name)
    }

    /// Reads `WarmThroughput`, which a table or index can only be asked to have more of.
    ///
    /// - Parameters:
    ///   - current: what it has.
    ///   - owner: what the service's words say it is for.
    static func warmThroughput(
        _ json: JSONValue?, over current: WarmThroughput, of owner: String = "table"
    ) throws(DynamoFault) -> WarmThroughput? {
        guard let json else { return nil }
        return try warmThroughput(
            read: json["ReadUnitsPerSecond"]?.integer, write: json["WriteUnitsPerSecond"]?.integer, over: current,
            of: owner)
    }

    /// Checks what is asked for of a table or index that has `current`.
    static func warmThroughput(
        read: Int?, write: Int?, over current: WarmThroughput, of owner: String
    ) throws(DynamoFault) -> WarmThroughput {
        guard read != nil || write != nil else {
            throw .invalidParameters(
                "At least one of ReadUnitsPerSecond and WriteUnitsPerSecond must be specified in WarmThroughput")
        }
        for (units, least, name) in [
            (read, current.read, "ReadUnitsPerSecond"), (write, current.write, "WriteUnitsPerSecond"),
        ] {
            guard let units, units < least else { continue }
            throw .invalidParameters(
                """
                Requested \(name) for WarmThroughput for \(owner) is lower than current WarmThroughput, decreasing \
                WarmThroughput is not supported
                """)
        }
        return WarmThroughput(read: read ?? current.read, write: write ?? current.write)
    }

    /// What a table or index can serve at once: what it was asked to, what is provisioned, or a new on-demand table's 12,000 and 4,000
    /// units.
    static func currentWarmThroughput(_ warm: WarmThroughput?, _ throughput: Throughput?) -> WarmThroughput {
        WarmThroughput(
            read: max(warm?.read ?? 0, throughput?.read ?? 12_000),
            write: max(warm?.write ?? 0, throughput?.write ?? 4_000))
    }

    /// What a table or index is ready to serve once its capacity has changed, where that would be less than before: it never decreases.
    static func keptWarmThroughput(_ warm: WarmThroughput?, from old: Throughput?, to new: Throughput?)
        -> WarmThroughput?
    {
        let (before, after) = (currentWarmThroughput(warm, old), currentWarmThroughput(warm, new))
        let kept = WarmThroughput(read: max(before.read, after.read), write: max(before.write, after.write))
        return kept == after ? nil : kept
    }

    /// Reads `GlobalTableSettingsReplicationMode`.
    static func settingsReplicationMode(_ json: JSONValue?) throws(DynamoFault) -> Text? {
        guard let json else { return nil }
        guard !json.isString("ENABLED_WITH_OVERRIDES") else {
            throw .invalidParameters("Only ENABLED and DISABLED settings replication are supported")
        }
        return json.text
    }

    /// What a billing mode and a throughput mean together; the mode is PROVISIONED where none is given.
    static func billing(
        mode: BillingMode?, throughput: Throughput?
    ) throws(DynamoFault) -> (BillingMode, Throughput?) {
        switch (mode, throughput) {
        case (.payPerRequest, .some):
            throw .capacityOnDemand
        case (.payPerRequest, nil): return (.payPerRequest, nil)
        case (_, let throughput?):
            try check(throughput)
            return (.provisioned, throughput)
        case (.provisioned, nil), (nil, nil):
            throw .invalidParameters(
                "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
        }
    }

    /// What `StreamSpecification` asks for.
    enum StreamRequest {
        case enable(StreamViewType)
        case disable
    }

    /// Reads `StreamSpecification`.
    static func stream(_ json: JSONValue?) throws(DynamoFault) -> StreamRequest? {
        guard let json else { return nil }
        let viewType = json["StreamViewType"].flatMap { StreamViewType(rawValue: $0.string) }
        switch (json["StreamEnabled"]?.isTrue ?? false, viewType) {
        case (true, let viewType?): return .enable(viewType)
        case (true, nil): throw .invalidParameters("StreamViewType must be specified when StreamEnabled is true")
        case (false, .some):
            throw .invalidParameters("StreamViewType must not be specified when StreamEnabled is false")
        case (false, nil): return .disable
        }
    }

    static func billingMode(_ json: JSONValue?) -> BillingMode? { json.flatMap { BillingMode(rawValue: $0.string) } }

    static func tableClass(_ json: JSONValue?) -> TableClass? { json.flatMap { TableClass(rawValue: $0.string) } }
}

extension DynamoFault {
    /// Maxima of on-demand capacity for a table or index that is provisioned.
    static let onDemandThroughputOfProvisioned = DynamoFault.invalidParameters(
        "OnDemandThroughput cannot be specified when BillingMode is PROVISIONED")

    /// Provisioned capacity for a table or index that is on-demand.
    static let capacityOnDemand = DynamoFault.invalidParameters(
        "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
}
