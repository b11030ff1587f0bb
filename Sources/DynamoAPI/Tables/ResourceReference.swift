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
        let fault = DynamoFault.validation("Invalid TableArn: Invalid ResourceArn provided as input \(arn)")
        guard arn.utf8.starts(with: TableReference.arnPrefix.utf8) else { throw fault }
        // The label of a stream has colons of its own.
        let parts = arn.string.utf8.dropFirst(TableReference.arnPrefix.utf8.count)
            .split(separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw fault }
        let path = parts[2].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard path.first == "table", path.count == 2 || path.count == 4 && path[2] == "stream",
            (3...255).contains(path[1].utf8.count), path[1].utf8.allSatisfy(TableReference.isNameByte)
        else { throw fault }
        table = Text(path[1])
        streamLabel = path.count == 4 ? Text(path[3]) : nil
        region = Text(String(decoding: parts[0], as: UTF8.self))
        accountID = Text(String(decoding: parts[1], as: UTF8.self))
    }

    /// Throws where the resource is a stream: only tables have tags.
    func checkIsTable() throws(DynamoFault) {
        guard streamLabel == nil else {
            throw .validation("Invalid TableArn: Invalid ResourceArn provided as input \(arn)")
        }
    }

    /// The table, where it is one of this region and account and is in use; for a stream where that is the table's latest one.
    func table<Region: RegionAccess>(in environment: Environment<Region>) -> Table? {
        guard region == environment.region.regionName, accountID == Text(environment.configuration.accountID),
            let found = environment.region.reader.table(named: table), found.status == .active
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
    ///   - change: throws to change nothing.
    func changeLocalSettings<Result: Sendable>(
        of name: Text, missing: DynamoFault, _ completion: @escaping Dispatcher<Region>.Completion,
        _ change:
            @escaping @Sendable (
                inout LocalSettings, Table, _ nowMilliseconds: UInt64
            ) throws(DynamoFault) -> Result,
        response: @escaping @Sendable (Result) -> APIResponse
    ) {
        region.submit { store, now -> Swift.Result<Result, DynamoFault> in
            do throws(DynamoFault) {
                var result: Result?
                let table = try store.changeLocalSettings(of: name) { settings, table throws(DynamoFault) in
                    result = try change(&settings, table, now)
                }
                guard table != nil, let result else { return .failure(missing) }
                return .success(result)
            } catch {
                return .failure(error)
            }
        } completion: { outcome in
            switch outcome {
            case .done(.success(let result)): completion(response(result))
            case .done(.failure(let fault)): completion(fault.response)
            case .overloaded: completion(DynamoFault.overloaded.response)
            case .failed: completion(DynamoFault.internalError.response)
            }
        }
    }
}
