import ItemModel
import RegionStore

/// How reads stay within a table's capacity: something must be left before, and what they took is taken after.
extension Environment {
    /// The fault where nothing is left of the capacity to read the table, or a global index of it.
    func readFault(of table: Table, through index: SecondaryIndex? = nil) -> DynamoFault? {
        guard let limit = limit(on: .read, of: table, index),
            !ledger.hasCapacity(account(.read, of: table, index), limit, at: region.nowMilliseconds())
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
        if !charges.isEmpty { ledger.charge(charges, at: region.nowMilliseconds()) }
    }

    private func limit(on kind: CapacityKind, of table: Table, _ index: SecondaryIndex?) -> CapacityLimit? {
        guard configuration.isThrottling else { return nil }
        return table.capacityLimit(on: kind, of: index, in: region.regionName)
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
    /// Who decides for the writer at that time about writes to those tables; nil where none of them has a limit.
    func admission(
        to tables: some Sequence<Table>, at nowMilliseconds: UInt64, _ kind: ConsumedCapacity.Kind = .single
    ) -> (any WriteAdmission)? {
        guard configuration.isThrottling, tables.contains(where: { $0.limitsWrites(in: region.regionName) }) else {
            return nil
        }
        return Admission(environment: self, kind: kind, nowMilliseconds: nowMilliseconds)
    }

    private struct Admission: WriteAdmission {
        let environment: Environment
        let kind: ConsumedCapacity.Kind
        let nowMilliseconds: UInt64

        func isLimited(_ table: Table) -> Bool { table.limitsWrites(in: environment.region.regionName) }

        func hasCapacity(_ table: Table) -> Bool {
            guard let limit = environment.limit(on: .write, of: table, nil) else { return true }
            return environment.ledger.hasCapacity(
                environment.account(.write, of: table, nil), limit, at: nowMilliseconds)
        }

        func take(_ demands: [WriteDemand]) -> (position: Int, resource: ThrottledResource)? {
            var charges: [CapacityLedger.Charge] = []
            var owners: [Int] = []
            for (position, demand) in demands.enumerated() {
                var capacity = ConsumedCapacity(demand.table.name, kind)
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
