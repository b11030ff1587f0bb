import KeyValueStore
import TestSupport
import Testing

extension KeyValueStoreConformance {
    static var snapshotRules: [Rule] {
        [
            Rule("a snapshot does not change with later commits") { make in
                let store = try make()
                try store.commit { batch in for key in ["a", "b", "c"] { batch.put(key, "old") } }
                let snapshot = try store.snapshot()
                try store.commit {
                    $0.put("a", "new")
                    $0.delete("b")
                    $0.put("d", "new")
                    $0.put("a", "new", in: beta)
                }
                let old = [Entry("a", "old"), Entry("b", "old"), Entry("c", "old")]
                #expect(try snapshot.entries(in: alpha) == old)
                #expect(try snapshot.entries(in: alpha, .backward) == old.reversed())
                #expect(try snapshot.entries(in: beta) == [])
                #expect(
                    try snapshot.values(for: [[0x61], [0x62], [0x64]], in: alpha) == [old[0].value, old[1].value, nil])
                #expect(try snapshot.text("d") == nil)
                #expect(try store.text("a") == "new")
                try store.commit { $0.deleteRange("", nil) }
                #expect(try snapshot.entries(in: alpha) == old)
                #expect(try store.entries(in: alpha) == [])
            },
            Rule("each snapshot keeps its own state, in whatever order they are released") { make in
                let store = try make()
                var snapshots: [(Int, Store.Snapshot)] = []
                for round in 0..<40 {
                    try store.commit { batch in
                        for index in 0..<50 { batch.put([UInt8(index)], [UInt8(round)], in: alpha) }
                    }
                    snapshots.append((round, try store.snapshot()))
                }
                var generator = SplitMix64(seed: 3)
                while !snapshots.isEmpty {
                    let index = Int.random(in: 0..<snapshots.count, using: &generator)
                    let (round, snapshot) = snapshots.remove(at: index)
                    #expect(try snapshot.value(for: [49], in: alpha) == [UInt8(round)])
                    let values = try snapshot.entries(in: alpha).map(\.value)
                    #expect(values == [[UInt8]](repeating: [UInt8(round)], count: 50))
                }
            },
            Rule("a snapshot can be read after the last reference to its store is gone") { make in
                var snapshot: Store.Snapshot?
                do {
                    let store = try make()
                    try store.commit { $0.put("a", "1") }
                    snapshot = try store.snapshot()
                }
                #expect(try snapshot?.text("a") == "1")
                #expect(try snapshot?.entries(in: alpha) == [Entry("a", "1")])
                snapshot = nil
            },
            Rule("a snapshot in one thread shows whole batches while another thread commits") { make in
                let store = try make()
                try store.commit { batch in for index in 0..<64 { batch.put([UInt8(index)], [0], in: alpha) } }
                let readers = (0..<2).map { seed in
                    ReaderThread {
                        var generator = SplitMix64(seed: UInt64(seed))
                        for _ in 0..<150 {
                            let snapshot = try store.snapshot()
                            let first = try snapshot.value(for: [0], in: alpha)
                            let some = UInt8.random(in: 0..<64, using: &generator)
                            guard try snapshot.value(for: [some], in: alpha) == first,
                                try snapshot.entries(in: alpha).allSatisfy({ $0.value == first }),
                                try store.entries(in: alpha).count == 64
                            else { return false }
                        }
                        return true
                    }
                }
                for round in 1...200 {
                    try store.commit { batch in
                        for index in 0..<64 { batch.put([UInt8(index)], [UInt8(round)], in: alpha) }
                    }
                }
                for reader in readers { #expect(try reader.join()) }
            },
        ]
    }
}
