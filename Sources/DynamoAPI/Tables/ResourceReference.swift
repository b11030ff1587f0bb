import AWSProtocol
import ItemModel
import RegionStore

/// A table, or its stream, as the parameter `ResourceArn` names it.
struct ResourceReference: Sendable {
    /// The whole ARN.
    let arn: Text
    /// The table's name.
    let table: Text
    /// The label of the table's stream; nil for the table itself.
    let streamLabel: Text?
    private let region: Text
    private let accountID: Text

    init(_ request: JSONValue) throws(DynamoFault) {
        arn = request["ResourceArn"]?.text ?? ""
        guard arn.utf8.starts(with: "arn:".utf8) else {
            throw .invalidParameters("ARNs must start with 'arn:': \(arn)")
        }
        guard arn.utf8.starts(with: TableReference.arnPrefix.utf8) else {
            throw .invalidParameters("Provided Arn is not a DynamoDB resource arn: \(arn)")
        }
        // The label of a stream has colons of its own.
        let parts = arn.string.utf8.dropFirst(TableReference.arnPrefix.utf8.count)
            .split(separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw Self.invalid(arn) }
        let path = parts[2].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard path.count != 4 || path[2] != "index" else {
            throw .invalidParameters(
                """
                Invalid resource arn provided, only table or stream is accepted. Provided resource arn: \(arn)
                """)
        }
        guard path.first == "table", path.count == 2 || path.count == 4 && path[2] == "stream",
            (3...255).contains(path[1].utf8.count), path[1].utf8.allSatisfy(TableReference.isNameByte)
        else { throw Self.invalid(arn) }
        table = Text(path[1])
        streamLabel = path.count == 4 ? Text(path[3]) : nil
        region = Text(String(decoding: parts[0], as: UTF8.self))
        accountID = Text(String(decoding: parts[1], as: UTF8.self))
    }

    private static func invalid(_ arn: Text) -> DynamoFault {
        .validation("Invalid TableArn: Invalid ResourceArn provided as input \(arn)")
    }

    /// Throws where the resource is a stream: only tables have tags.
    func checkIsTable() throws(DynamoFault) {
        guard streamLabel == nil else { throw Self.invalid(arn) }
    }

    /// The table, where it is in use; for a stream where that is the table's latest one.
    ///
    /// - Parameter action: what is to be done with it.
    /// - Throws: where the resource belongs to another region or account.
    func table<Gateway: RegionAccess>(
        for action: StaticString, in environment: Environment<Gateway>
    ) throws(DynamoFault) -> Table? {
        guard region == environment.gateway.regionName else { throw Self.invalid(arn) }
        guard accountID == Text(environment.configuration.accountID) else {
            throw .accessDenied(
                "arn:aws:iam::\(environment.configuration.accountID):root", to: action, on: "\(arn)",
                byLackOf: "resource-based")
        }
        guard let found = environment.gateway.reader.table(named: table), found.status == .active
        else { return nil }
        if let streamLabel {
            guard let created = found.streamLabelMilliseconds,
                streamLabel == Text(CivilTime(millisecondsSinceEpoch: created).iso8601Milliseconds)
            else { return nil }
        }
        return found
    }
}

extension Environment {
    /// Has the writer change what only this region's replica of a table has, and answers with what `response` makes of it.
    ///
    /// - Parameters:
    ///   - name: the table's name.
    ///   - missing: the answer where the table is gone.
    ///   - unexpected: the answer where a policy is not as the request expects it to be.
    func changeLocalSettings(
        of name: Text, _ change: LocalSettingsChange, missing: DynamoFault,
        unexpected: @escaping @Sendable (_ revision: UInt64?) -> DynamoFault = { _ in
            .internalError("a policy is not as expected")
        },
        _ completion: @escaping Dispatcher<Gateway>.Completion,
        response: @escaping @Sendable (LocalSettingsResult) -> APIResponse
    ) {
        submit(.changeLocalSettings(table: name, change), \.changeLocalSettings, completion) { result in
            switch result {
            case .success(let result): response(result)
            case .failure(.tableNotFound): missing.response
            case .failure(.tooManyTags): TagReading.tooMany.response
            case .failure(.unexpectedPolicy(let revision)): unexpected(revision).response
            case .failure(.storage(let cause)): DynamoFault.internalError(cause).response
            }
        }
    }
}
