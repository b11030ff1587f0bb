import KeyValueStore
import TestSupport
import Testing

extension KeyValueStoreConformance {
    static var randomRules: [Rule] {
        (1...6).map { seed in
            Rule("random batches leave what a sorted array says, seed \(seed)") { make in
                var generator = SplitMix64(seed: UInt64(seed))
                var run = RandomRun(store: try make(), keys: KeyShape(rawValue: seed % 3) ?? .few)
                for _ in 0..<120 {
                    try run.step(using: &generator)
                }
                try run.checkEverything()
            }
        }
    }

    /// A store beside the model that says what must be in it.
    private struct RandomRun {
        let store: Store
        let keys: KeyShape
        var model = conformanceKeyspaces.map { _ in Model() }
        var snapshots: [(Store.Snapshot, [Model])] = []

        mutating func step(using generator: inout SplitMix64) throws {
            var batch = WriteBatch()
            for _ in 0..<Int.random(in: 0..<60, using: &generator) {
                addOperation(to: &batch, using: &generator)
            }
            try store.commit(batch, durability: Bool.random(using: &generator) ? .buffered : .synced)
            if Int.random(in: 0..<8, using: &generator) == 0 {
                snapshots.append((try store.snapshot(), model))
            }
            if snapshots.count > 4 || (Int.random(in: 0..<12, using: &generator) == 0 && !snapshots.isEmpty) {
                let (snapshot, then) = snapshots.remove(at: Int.random(in: 0..<snapshots.count, using: &generator))
                try check(snapshot, then, using: &generator)
            }
            try check(store, model, using: &generator)
        }

        func checkEverything() throws {
            for (snapshot, then) in snapshots + [(try store.snapshot(), model)] {
                for keyspace in conformanceKeyspaces {
                    #expect(try snapshot.entries(in: keyspace) == then[keyspace.index].entries)
                    #expect(try snapshot.entries(in: keyspace, .backward) == then[keyspace.index].entries.reversed())
                }
            }
        }

        private mutating func addOperation(to batch: inout WriteBatch, using generator: inout SplitMix64) {
            let keyspace = conformanceKeyspaces[Int.random(in: 0..<3, using: &generator)]
            let key = keys.next(using: &generator)
            switch Int.random(in: 0..<100, using: &generator) {
            case 0..<70:
                let value = [UInt8](
                    repeating: UInt8.random(in: 0...9, using: &generator), count: Int(key.first ?? 0) % 40)
                batch.put(key, value, in: keyspace)
                model[keyspace.index].put(Entry(key, value))
            case 70..<97:
                batch.delete(key, in: keyspace)
                model[keyspace.index].remove(key)
            default:
                let range = KeyRange(
                    from: key, to: Int.random(in: 0..<20, using: &generator) == 0 ? nil : keys.next(using: &generator))
                batch.deleteRange(range, in: keyspace)
                model[keyspace.index].removeRange(range)
            }
        }

        private func check(
            _ reader: some KeyValueReader, _ model: [Model], using generator: inout SplitMix64
        ) throws {
            let keyspace = conformanceKeyspaces[Int.random(in: 0..<3, using: &generator)]
            let expected = model[keyspace.index]
            let asked = (0..<8).map { _ in keys.next(using: &generator) }
            #expect(try reader.values(for: asked, in: keyspace) == asked.map(expected.value(for:)))
            #expect(try reader.value(for: asked[0], in: keyspace) == expected.value(for: asked[0]))
            let range = KeyRange(from: asked[1], to: Bool.random(using: &generator) ? asked[2] : nil)
            let within = expected.entries.filter { range.holds($0.key) }
            #expect(try reader.entries(range, in: keyspace) == within)
            #expect(try reader.entries(range, in: keyspace, .backward) == within.reversed())
        }
    }
}

/// How the random keys look.
private enum KeyShape: Int {
    /// Up to two bytes of three values: they are hit often.
    case few
    /// Up to five bytes of four values: prefixes of one another.
    case nested
    /// A long common prefix and two bytes.
    case alike

    func next(using generator: inout SplitMix64) -> [UInt8] {
        switch self {
        case .few:
            (0..<Int.random(in: 0...2, using: &generator)).map { _ in
                [0, 1, 0xFF].randomElement(using: &generator) ?? 0
            }
        case .nested:
            (0..<Int.random(in: 0...5, using: &generator)).map { _ in
                [0, 7, 0x80, 0xFF].randomElement(using: &generator) ?? 0
            }
        case .alike:
            [UInt8](repeating: 0x61, count: 19)
                + (0..<Int.random(in: 0...2, using: &generator)).map { _ in UInt8.random(in: 0..<40, using: &generator)
                }
        }
    }
}

/// One keyspace's entries in a sorted array.
private struct Model {
    private(set) var entries: [Entry] = []

    mutating func put(_ entry: Entry) {
        let index = firstIndex(notBefore: entry.key)
        if index < entries.count, entries[index].key == entry.key {
            entries[index] = entry
        } else {
            entries.insert(entry, at: index)
        }
    }

    mutating func remove(_ key: [UInt8]) {
        entries.removeAll { $0.key == key }
    }

    mutating func removeRange(_ range: KeyRange) {
        entries.removeAll { range.holds($0.key) }
    }

    func value(for key: [UInt8]) -> [UInt8]? {
        entries.first { $0.key == key }?.value
    }

    private func firstIndex(notBefore key: [UInt8]) -> Int {
        entries.firstIndex { !$0.key.lexicographicallyPrecedes(key) } ?? entries.count
    }
}

extension KeyRange {
    fileprivate func holds(_ key: [UInt8]) -> Bool {
        guard !key.lexicographicallyPrecedes(lower) else { return false }
        return upper.map { key.lexicographicallyPrecedes($0) } ?? true
    }
}
