import ItemModel
import KeyValueStore
import TestSupport
import Testing

@testable import RegionStore

@Suite struct TransactionTokenTests {
    private func token(_ name: Text = "t", _ fingerprint: UInt8 = 1) -> Transaction.Token {
        .init(name: name, fingerprint: [fingerprint])
    }

    private func isRepeated(_ outcome: TransactionOutcome) -> Bool {
        if case .repeated = outcome { true } else { false }
    }

    /// A region with a table, and a step that counts.
    private func region() throws -> (TestRegion, [Transaction.Step]) {
        let region = try TestRegion()
        try region.createTable()
        return (region, [try region.step(.update(key: ["pk": "a"], updating("ADD n :one", [":one": 1])))])
    }

    @Test func `the same request is not carried out again, in the same drain, later and after a restart`() throws {
        let (region, steps) = try region()
        #expect(!isRepeated(try region.store.transact(Transaction(steps, token: token()), at: region.now)))
        #expect(isRepeated(try region.store.transact(Transaction(steps, token: token()), at: region.now)))
        try region.commit()
        #expect(isRepeated(try region.transact(steps, token: token())))
        try region.restart(losingUnsynced: true)
        region.now += 10 * 60_000 - 1
        guard case .repeated(let sizes) = try region.transact(steps, token: token()) else {
            Issue.record("carried out again")
            return
        }
        #expect(sizes == [item("a", ["n": 1]).sizeInBytes])
        #expect(try region.item(["pk": "a"]) == item("a", ["n": 1]))
    }

    @Test func `tokens that have expired go however many are used between two commits`() throws {
        let (region, steps) = try region()
        for number in 0..<300 {
            _ = try region.store.transact(Transaction(steps, token: token(Text("old-\(number)"))), at: region.now)
        }
        try region.commit()
        region.now += 10 * 60_000
        // One drain, as a busy region has it: each use removes other tokens than the one before.
        for number in 0..<100 {
            _ = try region.store.transact(Transaction(steps, token: token(Text("new-\(number)"))), at: region.now)
        }
        try region.commit()
        func names() throws -> [String] {
            var names: [String] = []
            try region.disk.visit(KeyRange(prefix: Layout.MetaKey.tokenPrefix), in: Layout.meta, direction: .forward) {
                key, _ in
                names.append(String(decoding: key.dropFirst(Layout.MetaKey.tokenPrefix.count), as: UTF8.self))
                return true
            }
            return names
        }
        #expect(try names().count == 100 && names().allSatisfy { $0.hasPrefix("new-") })
        // A clock that is set back puts new tokens before those that were removed; they go in their turn.
        region.now -= 9 * 60_000
        _ = try region.transact(steps, token: token("back"))
        region.now += 10 * 60_000
        _ = try region.transact(steps, token: token("last"))
        #expect(try !names().contains("back"))
    }

    @Test func `another request under the same token is refused`() throws {
        let (region, steps) = try region()
        try region.transact(steps, token: token())
        for _ in 0..<2 {
            #expect(throws: TransactionError.self) { try region.transact(steps, token: token("t", 2)) }
            try region.restart()
        }
    }

    @Test func `a token is forgotten after ten minutes, not before`() throws {
        let (region, steps) = try region()
        try region.transact(steps, token: token())
        region.now += 10 * 60_000 - 1
        #expect(isRepeated(try region.transact(steps, token: token())))
        region.now += 1
        #expect(!isRepeated(try region.transact(steps, token: token("t", 2))))
        region.now += 1
        #expect(isRepeated(try region.transact(steps, token: token("t", 2))))
    }

    @Test func `a clock that was set back does not make a token valid for something else`() throws {
        let (region, steps) = try region()
        try region.transact(steps, token: token())
        region.now -= 3_600_000
        #expect(isRepeated(try region.transact(steps, token: token())))
    }

    @Test func `a transaction that was cancelled may be tried again with its token`() throws {
        let (region, _) = try region()
        let steps = [try region.step(.put(item("b")), if: when("attribute_exists(pk)"))]
        #expect(throws: TransactionError.self) { try region.transact(steps, token: token()) }
        try region.put(item("b"))
        #expect(!isRepeated(try region.transact(steps, token: token())))
    }

    @Test func `expired tokens leave nothing behind, however they were used`() throws {
        let (region, steps) = try region()
        var generator = SplitMix64(seed: 7)
        for _ in 0..<400 {
            region.now += UInt64.random(in: 0...60_000, using: &generator)
            let name = Text("t\(UInt8.random(in: 0...40, using: &generator))")
            _ = try region.store.transact(Transaction(steps, token: token(name)), at: region.now)
            if Bool.random(using: &generator) { try region.commit() }
        }
        try region.commit()
        region.now += 3_600_000
        for number in 0..<30 {
            try region.transact(steps, token: token(Text("end\(number)")))
            region.now += 3_600_000
        }
        let keys = try region.contents(of: Layout.meta).filter { $0.starts(with: "token".utf8) }
        #expect(keys.count == 2)
    }

    @Test func `however many tokens come, no more are kept than were used in ten minutes, but for a few`() throws {
        let (region, steps) = try region()
        func count() throws -> Int {
            try region.contents(of: Layout.meta).count { $0.starts(with: Layout.MetaKey.tokenPrefix) }
        }
        // A burst, and then one token a minute: what the burst left goes faster than new ones come.
        for number in 0..<60 { _ = try region.transact(steps, token: token(Text("burst\(number)"))) }
        region.now += Transaction.Token.validityMilliseconds
        for number in 0..<60 {
            try region.transact(steps, token: token(Text("steady\(number)")))
            region.now += 60_000
            // Each comes alone and takes four with it.
            #expect(try count() <= max(60 - 3 * (number + 1), 11))
        }
    }
}
