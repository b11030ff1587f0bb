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

    /// Reads `OnDemandThroughput`: -1 takes a maximum away, and what is absent stays as it is.
    ///
    /// - Parameter index: whose it is; nil for the table.
    static func onDemandThroughput(
        _ json: JSONValue?, of index: Text? = nil
    ) throws(DynamoFault) -> OnDemandChange? {
        guard let json else { return nil }
        return OnDemandChange(
            read: try maximum(json["MaxReadRequestUnits"], "MaxReadRequestUnits", of: index),
            write: try maximum(json["MaxWriteRequestUnits"], "MaxWriteRequestUnits", of: index))
    }

    /// Reads `OnDemandThroughput` of a table or index to be made, which has no maxima yet; nil for none.
    static func initialOnDemandThroughput(
        _ json: JSONValue?, of index: Text? = nil, _ mode: BillingMode
    ) throws(DynamoFault) -> OnDemandThroughput? {
        guard let change = try onDemandThroughput(json, of: index) else { return nil }
        try check(change, mode)
        return OnDemandThroughput.changing(nil, by: change)
    }

    private static func maximum(
        _ json: JSONValue?, _ name: String, of index: Text?
    ) throws(DynamoFault) -> OnDemandChange.Maximum {
        guard let units = json?.integer else { return .keep }
        guard units != -1 else { return .remove }
        guard units >= 1 else {
            let owner = index.map { "index : \($0)" } ?? "table"
            throw .invalidParameters(
                "Requested \(name) for OnDemandThroughput for \(owner) is outside of valid range")
        }
        return .set(units)
    }

    /// Throws where maxima of on-demand capacity are given for what is provisioned.
    static func check(_ change: OnDemandChange, _ mode: BillingMode) throws(DynamoFault) {
        guard mode == .provisioned else { return }
        for (maximum, name) in [(change.read, "MaxReadRequestUnits"), (change.write, "MaxWriteRequestUnits")]
        where maximum != .keep {
            throw .invalidParameters(
                "\(name) for OnDemandThroughput cannot be specified when table BillingMode is PROVISIONED.")
        }
    }

    /// Reads the maximum of a replica that overrides its table's; -1 is none, nil leaves it as it is.
    static func overridingMaximum(_ json: JSONValue?, _ name: String) throws(DynamoFault) -> Int? {
        switch try maximum(json, name, of: nil) {
        case .keep: nil
        case .remove: -1
        case .set(let units): units
        }
    }

    /// Reads `WarmThroughput` of a table or index to be made, which may be more than it begins with.
    ///
    /// - Parameter owner: what the service's words say it is for.
    static func initialWarmThroughput(
        _ json: JSONValue?, _ throughput: Throughput?, of owner: String = "table"
    ) throws(DynamoFault) -> WarmThroughput? {
        guard let json else { return nil }
        let current = currentWarmThroughput(nil, throughput)
        return try warmThroughput(
            read: json["ReadUnitsPerSecond"]?.integer, write: json["WriteUnitsPerSecond"]?.integer, over: current,
            of: owner
        ) { provisioned in
            throughput == nil
                ? "initial throughput for OnDemand. See: \(warmThroughputPage)"
                : "\(provisioned) of ProvisionedThroughput"
        }
    }

    private static let warmThroughputPage =
        "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html"

    /// Checks what is asked for of a table or index that has `current`: it never decreases.
    ///
    /// - Parameters:
    ///   - owner: what the service's words say it is for.
    ///   - floor: what less than `current` would be lower than, in the service's words; takes the name of the provisioned units.
    static func warmThroughput(
        read: Int?, write: Int?, over current: WarmThroughput, of owner: String,
        floor: (_ provisioned: String) -> String = { _ in
            "current WarmThroughput, decreasing WarmThroughput is not supported"
        }
    ) throws(DynamoFault) -> WarmThroughput {
        guard read != nil || write != nil else {
            throw .invalidParameters(
                "At least one of ReadUnitsPerSecond and WriteUnitsPerSecond must be specified in WarmThroughput")
        }
        for (units, least, name, provisioned) in [
            (read, current.read, "ReadUnitsPerSecond", "ReadCapacityUnits"),
            (write, current.write, "WriteUnitsPerSecond", "WriteCapacityUnits"),
        ] {
            guard let units, units < least else { continue }
            throw .invalidParameters(
                "Requested \(name) for WarmThroughput for \(owner) is lower than \(floor(provisioned))")
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
    ///
    /// - Parameter isCreation: whether the table is being made, which decides the service's words.
    static func stream(_ json: JSONValue?, isCreation: Bool = false) throws(DynamoFault) -> StreamRequest? {
        guard let json else { return nil }
        let viewType = json["StreamViewType"].flatMap { StreamViewType(rawValue: $0.string) }
        switch (json["StreamEnabled"]?.isTrue ?? false, viewType) {
        case (true, let viewType?): return .enable(viewType)
        case (true, nil):
            throw .invalidParameters(
                isCreation
                    ? "Table is being created with a stream enabled, UpdateViewType is required"
                    : "If stream is being enabled then UpdateViewType is required")
        case (false, .some):
            throw .invalidParameters(
                isCreation
                    ? "Table is being created with a stream disabled, UpdateViewType should not be specified"
                    : "If stream is being disabled, then UpdateViewType must not be specified")
        case (false, nil): return .disable
        }
    }

    /// Reads `SSESpecification`; whether encryption with the service's own key is asked for, which is kept and described.
    static func encryption(_ json: JSONValue?) throws(DynamoFault) -> Bool? {
        guard let json else { return nil }
        guard json["Enabled"]?.isTrue ?? false else { return false }
        let isServiceKey = json["KMSMasterKeyId"].map { $0.isString("alias/aws/dynamodb") } ?? true
        guard isServiceKey, !(json["SSEType"]?.isString("AES256") ?? false) else {
            throw .invalidParameters("SSESpecification is only supported with the service's own key")
        }
        return true
    }

    static func billingMode(_ json: JSONValue?) -> BillingMode? { json.flatMap { BillingMode(rawValue: $0.string) } }

    static func tableClass(_ json: JSONValue?) -> TableClass? { json.flatMap { TableClass(rawValue: $0.string) } }
}

extension DynamoFault {
    /// Provisioned capacity for a table or index that is on-demand.
    static let capacityOnDemand = DynamoFault.invalidParameters(
        "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
}
