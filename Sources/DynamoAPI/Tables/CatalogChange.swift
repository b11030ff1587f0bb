import ItemModel
import RegionStore

extension Environment {
    /// Has the writer change the catalog, and answers with the table as it then is, or with the fault.
    ///
    /// - Parameter name: the table's name, for the fault's text.
    func changeCatalog(
        of name: Text, _ command: CatalogCommand, _ completion: @escaping Dispatcher<Gateway>.Completion,
        response: @escaping @Sendable (Table) -> APIResponse
    ) {
        let regions = gateway.reader.regions
        submit(.changeCatalog(command), \.changeCatalog, completion) { result in
            switch result {
            case .success(let table): response(table)
            case .failure(let error): DynamoFault(error, table: name, regions: regions).response
            }
        }
    }
}

extension DynamoFault {
    /// What a client is told of a refused change of the catalog.
    ///
    /// - Parameters:
    ///   - table: the table's name.
    ///   - regions: the names of the topology's regions.
    init(_ error: CatalogError, table: Text, regions: [Text]) {
        self =
            switch error {
            case .tableNotFound(let name): .tableNotFound(name)
            case .tableExists(let name): .resourceInUse("Table already exists: \(name)")
            case .tableInUse: .resourceInUse("The resource which you are attempting to change is in use.")
            case .deletionProtected:
                .validation(
                    """
                    Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection \
                    first.
                    """)
            case .replicaProtected(let region):
                .validation(
                    """
                    Cannot delete table \(table) in region \(region) because it has deletion protection enabled. Disable \
                    deletion protection first.
                    """)
            case .recentSource:
                .validation(
                    """
                    Replica cannot be deleted because it has acted as a source region for new replica(s) being added to the table \
                    in the last 24 hours.
                    """)
            case .replicaBeingAdded(let region):
                .validation(
                    """
                    Updating TimeToLive is not allowed while the replica is being added to table with name: \(table) in \
                    region \(region)
                    """)
            case .replicaInUse:
                .resourceInUse(
                    "Attempt to change a resource which is still in use: Table: \(table) is being used.")
            case .indexInProgress:
                .resourceInUse(
                    "Attempt to change a resource which is still in use: Table is being updated: \(table)")
            case .otherIndexInProgress:
                .limitExceeded(
                    "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table")
            case .indexNotFound: .resourceNotFound("Requested resource not found")
            case .indexNotGlobal(let name):
                .validation("Cannot delete an index that is not a GlobalSecondaryIndex: \(name)")
            case .indexExists: .validation("Attempting to create an index which already exists")
            case .streamEnabled: .validation("Table already has an enabled stream: TableName: \(table)")
            case .streamNotEnabled: .validation("Table has no stream to disable: TableName: \(table)")
            case .timeToLiveUnchanged(let isEnabled):
                .validation("TimeToLive is already \(isEnabled ? "enabled" : "disabled")")
            case .timeToLiveOtherAttribute(let attribute):
                .validation("TimeToLive is active on a different AttributeName: current AttributeName is \(attribute)")
            case .timeToLiveChangedRecently:
                .validation("Time to live has been modified multiple times within a fixed interval")
            case .streamNeededByReplicas:
                .invalidParameters("Disabling Stream is not allowed for a Global Table replica.")
            case .replicaExists:
                .validation(
                    """
                    Failed to create a the new replica of table with name: '\(table)' because one or more replicas already \
                    existed as tables.
                    """)
            case .replicaNotFound(let region): .replicasNotInTable([region])
            case .unknownRegion(let region):
                .validation(
                    """
                    Region \(region) is not supported. The latest version of global tables are only supported in the \
                    following regions: \(SchemaReading.list(regions))
                    """)
            case .localRegion:
                .validation(
                    """
                    Cannot add or delete the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or UpdateTable \
                    as required.
                    """)
            case .storage(let cause): .internalError(cause)
            case .limitExceeded(let limit): .limitExceeded("Subscriber limit exceeded: \(limit)")
            }
    }

    /// A request names replicas that the table does not have.
    static func replicasNotInTable(_ regions: [Text]) -> DynamoFault {
        .validation(
            """
            Update global table operation failed because one or more replicas were not part of the global table. Please retry \
            the request without these replicas: \(SchemaReading.list(regions)).
            """)
    }
}
