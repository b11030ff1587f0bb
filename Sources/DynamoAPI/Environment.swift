import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// What an installation may decide of its answers.
public struct APIConfiguration: Sendable {
    /// The twelve digits in every ARN.
    public var accountID: String
    /// Host and port that DescribeEndpoints answers with; nil for the service's own host of the region.
    public var endpointAddress: String?
    /// Whether provisioned capacity and on-demand maxima bound what requests take.
    public var isThrottling: Bool

    public init(accountID: String = "000000000000", endpointAddress: String? = nil, isThrottling: Bool = true) {
        self.accountID = accountID
        self.endpointAddress = endpointAddress
        self.isThrottling = isThrottling
    }
}

/// What an operation runs in: the way to its region, and what all requests to it share.
struct Environment<Gateway: RegionAccess>: Sendable {
    let gateway: Gateway
    let configuration: APIConfiguration
    /// Parsed expressions, by their text.
    let expressions = ExpressionCache()
    /// What is left of tables' capacities.
    let ledger = CapacityLedger()

    /// The table that a request on items names.
    func table(_ reference: TableReference) throws(DynamoFault) -> Table {
        guard reference.isLocal(region: gateway.regionName, accountID: configuration.accountID),
            let table = gateway.reader.table(named: reference.name)
        else { throw .tableNotFound }
        guard !table.status.acceptsRequests else { return table }
        // Applications take it for final that a table is not there; this one is, in other regions and soon here.
        throw table.status == .creating
            ? .unavailable(
                "the replica of \(table.name) in \(gateway.regionName) is being filled, and is CREATING until then")
            : .tableNotFound
    }

    /// The table that a request on tables names, in whatever state.
    func describedTable(_ reference: TableReference) throws(DynamoFault) -> Table {
        guard reference.isLocal(region: gateway.regionName, accountID: configuration.accountID),
            let table = gateway.reader.table(named: reference.name)
        else { throw .tableNotFound(reference.name) }
        return table
    }

    func arn(of table: Table) -> String {
        "\(TableReference.arnPrefix)\(gateway.regionName):\(configuration.accountID):table/\(table.name)"
    }
}

extension TableStatus {
    /// Whether items can be read and written: not while a replica is being filled, and not once it is being deleted.
    var acceptsRequests: Bool {
        switch self {
        case .active, .updating: true
        case .creating, .creationFailed, .deleting: false
        }
    }
}

/// A table as a request names it: by its name or by its ARN.
struct TableReference: Sendable {
    /// The name, also where the ARN was given.
    let name: Text
    /// What the request says, which is what capacity is reported under.
    let given: Text
    private let region: Text?
    private let accountID: Text?

    static let arnPrefix = "arn:aws:dynamodb:"

    /// Reads the parameter `TableName`.
    init(_ request: JSONValue) throws(DynamoFault) {
        guard let name = request["TableName"]?.text else {
            throw .validation("The parameter 'TableName' is required but was not present in the request")
        }
        try self.init(name)
    }

    init(_ text: Text) throws(DynamoFault) {
        given = text
        guard text.utf8.starts(with: Self.arnPrefix.utf8) else {
            (name, region, accountID) = (text, nil, nil)
            guard text.byteCount <= 255 else {
                throw .brokenConstraint(
                    at: "tableName", showing: text.string, "Member must have length less than or equal to 255")
            }
            return
        }
        let parts = text.string.utf8.dropFirst(Self.arnPrefix.utf8.count).split(
            separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count == 3, parts[2].starts(with: "table/".utf8) else { throw Self.invalidARN(text) }
        let name = Text(String(decoding: parts[2].dropFirst(6), as: UTF8.self))
        guard (3...255).contains(name.byteCount), name.utf8.allSatisfy(Self.isNameByte) else {
            throw Self.invalidARN(text)
        }
        self.name = name
        region = Text(String(decoding: parts[0], as: UTF8.self))
        accountID = Text(String(decoding: parts[1], as: UTF8.self))
    }

    /// Whether the table could be one of this region and account.
    func isLocal(region: Text, accountID: String) -> Bool {
        guard let ownRegion = self.region, let ownAccountID = self.accountID else { return true }
        return ownRegion == region && ownAccountID == Text(accountID)
    }

    /// Whether tables and indexes may have the byte in their names.
    static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private static func invalidARN(_ text: Text) -> DynamoFault {
        .validation("Invalid TableArn: Invalid ResourceArn provided as input \(text)")
    }
}
