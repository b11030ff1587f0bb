import AWSProtocol
import ItemModel

/// What a request wants to do, and with what: what its caller has to be allowed.
///
/// Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon DynamoDB".
struct Access: Sendable {
    /// The action's name without `dynamodb:`.
    let action: StaticString
    let resource: Resource

    enum Resource: Sendable {
        /// A table; its indexes and its stream belong to it.
        case table(TableReference)
        case index(TableReference, Text)
        /// What a table's ARN, or that of its stream, names.
        case resource(ResourceReference)
        case stream(StreamReference)
        /// A table of which only the name is known.
        case tableNamed(Text)
        /// Every table of the region: of operations that name none.
        case allTables
    }

    init(_ action: StaticString, _ resource: Resource) {
        self.action = action
        self.resource = resource
    }

    /// Nil for all tables.
    var tableName: Text? {
        switch resource {
        case .table(let reference), .index(let reference, _): reference.name
        case .resource(let reference): reference.table
        case .stream(let reference): reference.tableName
        case .tableNamed(let name): name
        case .allTables: nil
        }
    }

    /// The resource's ARN, where that of a table without a name is `prefix`.
    func arn(prefix: String) -> String {
        switch resource {
        case .table(let reference): "\(prefix)\(reference.name)"
        case .index(let reference, let index): "\(prefix)\(reference.name)/index/\(index)"
        case .resource(let reference): "\(reference.arn)"
        case .stream(let reference): "\(reference.arn)"
        case .tableNamed(let name): "\(prefix)\(name)"
        case .allTables: "\(prefix)*"
        }
    }

    /// The actions that no operation is called by.
    static let furtherActions: [StaticString] = [
        "ConditionCheckItem", "CreateTableReplica", "DeleteTableReplica", "PartiQLDelete", "PartiQLInsert",
        "PartiQLSelect", "PartiQLUpdate",
    ]

    /// The operations that are no action, as they are allowed by what they do.
    static let operationsWithoutAction: [StaticString] = [
        BatchExecuteStatement.name, ExecuteStatement.name, ExecuteTransaction.name, TransactGetItems.name,
        TransactWriteItems.name,
    ]
}

extension Environment {
    /// Throws for the first of the accesses that the caller is not allowed.
    func authorize(_ caller: Caller, _ accesses: @autoclosure () -> [Access]) throws(DynamoFault) {
        guard let rights = caller.rights else { return }
        for access in accesses() where !rights.allow(access) {
            let prefix = "\(TableReference.arnPrefix)\(gateway.regionName):\(configuration.accountID):table/"
            throw .accessDenied(
                "arn:aws:iam::\(configuration.accountID):user/\(caller.name)", to: access.action,
                on: access.arn(prefix: prefix), byLackOf: "identity-based")
        }
    }
}

extension DynamoFault {
    /// - Parameter kind: of the policies of which none allows the action.
    static func accessDenied(
        _ user: String, to action: StaticString, on resource: String, byLackOf kind: String
    ) -> DynamoFault {
        let message = """
            User: \(user) is not authorized to perform: dynamodb:\(action) on resource: \(resource) because no \(kind) policy allows the \
            dynamodb:\(action) action
            """
        return DynamoFault(.coral("AccessDeniedException", message, messageName: .capitalized))
    }
}
