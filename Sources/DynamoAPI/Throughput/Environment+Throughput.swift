import ItemModel
import RegionStore

/// How reads stay within a table's capacity: something must be left before, and what they took is taken after.
extension Environment {
    /// The fault where nothing is left of the capacity to read the table, or a global index of it.
    func readFault(of table: Table, through index: SecondaryIndex? = nil) -> DynamoFault? {
        guard let limit = limit(on: .read, of: table, index),
            !ledger.hasCapacity(account(.read, of: table, index), limit, at: gateway.nowMilliseconds())
        else { return nil }
        let name = index.flatMap { $0.isGlobal ? $0.name : nil }
        return .throttled(by: limit, on: .read, index: name, tableARN: arn(of: table))
    }

    /// Whether reading the table itself has a limit.
    func limitsReads(of table: Table) -> Bool { limit(on: .read, of: table, nil) != nil }

    /// Throws where nothing is left of the capacity to read the table, or a global index of it.
    func admitRead(of table: Table, through index: SecondaryIndex? = nil) throws(DynamoFault) {
        if let fault = readFault(of: table, through: index) { throw fault }
    }

    /// Takes what a read took.
    func charge(_ capacity: ConsumedCapacity, forReading table: Table) {
        let charges = charges(capacity, .read, of: table)
        if !charges.isEmpty { ledger.charge(charges, at: gateway.nowMilliseconds()) }
    }

    private func limit(on kind: CapacityKind, of table: Table, _ index: SecondaryIndex?) -> CapacityLimit? {
        guard configuration.isThrottling else { return nil }
        return table.capacityLimit(on: kind, of: index, in: gateway.regionName)
    }

    private func account(_ kind: CapacityKind, of table: Table, _ index: SecondaryIndex?) -> CapacityLedger.Account {
        .init(table: table.id, index: index.flatMap { $0.isGlobal ? $0.id : nil }, kind: kind)
    }

    private func charges(
        _ capacity: ConsumedCapacity, _ kind: CapacityKind, of table: Table
    ) -> [CapacityLedger.Charge] {
        var charges: [CapacityLedger.Charge] = []
        if capacity.unitsOfTable > 0, let limit = limit(on: kind, of: table, nil) {
            charges.append(.init(account: account(kind, of: table, nil), limit: limit, units: capacity.unitsOfTable))
        }
        for (name, units) in capacity.unitsOfGlobalIndexes {
            guard let index = table.index(named: name), let limit = limit(on: kind, of: table, index) else { continue }
            charges.append(.init(account: account(kind, of: table, index), limit: limit, units: units))
        }
        return charges
    }
}

/// How writes stay within a table's capacity: what they take is known before anything is changed, so they are asked about then.
extension Environment {
    /// Who decides about the writes to this region's tables; nil where nothing is throttled.
    var writeAdmission: (any WriteAdmission)? { configuration.isThrottling ? Admission(environment: self) : nil }

    private struct Admission: WriteAdmission {
        let environment: Environment

        func isLimited(_ table: Table) -> Bool { table.limitsWrites(in: environment.gateway.regionName) }

        func hasCapacity(_ table: Table, at nowMilliseconds: UInt64) -> Bool {
            guard let limit = environment.limit(on: .write, of: table, nil) else { return true }
            return environment.ledger.hasCapacity(
                environment.account(.write, of: table, nil), limit, at: nowMilliseconds)
        }

        func take(
            _ demands: [WriteDemand], isTransaction: Bool, at nowMilliseconds: UInt64
        ) -> (position: Int, resource: ThrottledResource)? {
            var charges: [CapacityLedger.Charge] = []
            var owners: [Int] = []
            for (position, demand) in demands.enumerated() {
                var capacity = ConsumedCapacity(demand.table.name, isTransaction ? .transactionalWrite : .single)
                capacity.addWrite(demand)
                let own = environment.charges(capacity, .write, of: demand.table)
                charges += own
                owners += own.map { _ in position }
            }
            guard let empty = environment.ledger.take(charges, at: nowMilliseconds) else { return nil }
            let index = demands[owners[empty]].table.indexes.first { $0.id == charges[empty].account.index }
            return (owners[empty], index.map { .index($0.name) } ?? .table)
        }
    }

    /// What a client is told of a write that nothing was left for.
    func writeFault(_ resource: ThrottledResource, of table: Table) -> DynamoFault {
        let index: SecondaryIndex? =
            switch resource {
            case .table: nil
            case .index(let name): table.index(named: name)
            }
        // Where the limit went away meanwhile, there is nothing to tell of it: the client comes again.
        guard let limit = limit(on: .write, of: table, index) else { return .overloaded }
        return .throttled(by: limit, on: .write, index: index?.name, tableARN: arn(of: table))
    }
}
