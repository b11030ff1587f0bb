import ItemModel
import KeyValueStore
import Testing

@testable import RegionStore

@Suite struct LocalSettingsTests {
    let region: TestRegion

    init() throws {
        region = try TestRegion()
        try region.createTable()
    }

    @discardableResult
    private func change(_ change: LocalSettingsChange) throws -> LocalSettingsResult {
        let result = try region.store.changeLocalSettings(of: "T", change, at: region.now)
        try region.commit()
        return result
    }

    private func settings() throws -> LocalSettings { try region.table().localSettings }

    private func putPolicy(_ document: Text, _ expected: PolicyExpectation = .anything) throws -> UInt64? {
        try change(.putPolicy(resource: "", document: document, expected: expected)).policyRevision
    }

    @Test func `a tag whose key is there takes its place, and tags stay over a restart`() throws {
        try change(.putTags([Tag(key: "a", value: "1"), Tag(key: "b", value: "2")]))
        try change(.putTags([Tag(key: "c", value: "3"), Tag(key: "a", value: "4")]))
        try change(.removeTags(keys: ["b", "nowhere"]))
        try region.restart()
        #expect(try settings().tags == [Tag(key: "a", value: "4"), Tag(key: "c", value: "3")])
    }

    @Test func `a table has at most fifty tags`() throws {
        try change(.putTags((0..<50).map { Tag(key: Text("k\($0)"), value: "v") }))
        let before = try settings()
        #expect(throws: LocalSettingsRefusal.tooManyTags) { try change(.putTags([Tag(key: "one more", value: "v")])) }
        #expect(try settings() == before)
        try change(.putTags([Tag(key: "k0", value: "other")]))
        #expect(try settings().tags.count == 50)
    }

    @Test func `recovery that is enabled once more keeps its beginning and its period`() throws {
        let first = try change(.setRecovery(isEnabled: true, days: 7))
        #expect(first.table.localSettings.recovery?.days == 7 && first.nowMilliseconds == region.now)
        let since = region.now
        region.now += 1000
        try change(.setRecovery(isEnabled: true, days: nil))
        #expect(try settings().recovery == PointInTimeRecovery(isEnabled: true, days: 7, sinceMilliseconds: since))
        try change(.setRecovery(isEnabled: false, days: nil))
        region.now += 1000
        try change(.setRecovery(isEnabled: true, days: nil))
        #expect(
            try settings().recovery
                == PointInTimeRecovery(
                    isEnabled: true, days: PointInTimeRecovery.defaultDays, sinceMilliseconds: region.now))
    }

    @Test func `each change of a policy has a greater revision, whatever the clock does, and the same document none`()
        throws
    {
        let first = try #require(try putPolicy("{}"))
        region.now -= 5000
        #expect(try putPolicy("{}") == first)
        let second = try #require(try putPolicy("{ }"))
        #expect(second > first)
        let removed = try change(.removePolicy(resource: "", expected: .revision(Text("\(second)"))))
        #expect(removed.policyRevision == second)
        #expect(try change(.removePolicy(resource: "", expected: .anything)).policyRevision == nil)
    }

    @Test func `a policy that is not as expected stays as it is`() throws {
        #expect(throws: LocalSettingsRefusal.unexpectedPolicy(revision: nil)) { try putPolicy("{}", .revision("1")) }
        let revision = try #require(try putPolicy("{}", .noPolicy))
        for expected in [.noPolicy, .revision(Text("0\(revision)")), .revision("")] as [PolicyExpectation] {
            #expect(throws: LocalSettingsRefusal.unexpectedPolicy(revision: revision)) { try putPolicy("[]", expected) }
            #expect(throws: LocalSettingsRefusal.unexpectedPolicy(revision: revision)) {
                try change(.removePolicy(resource: "", expected: expected))
            }
        }
        #expect(try settings().policies.map(\.document) == ["{}"])
        _ = try putPolicy("[]", .revision(Text("\(revision)")))
    }

    @Test func `the settings of a table that is not there and of a store that failed are refused, each as what it is`()
        throws
    {
        #expect(throws: LocalSettingsRefusal.tableNotFound) {
            try region.store.changeLocalSettings(of: "none", .removeTags(keys: []), at: region.now)
        }
        region.disk.crash()
        _ = try region.store.changeLocalSettings(of: "T", .putTags([Tag(key: "k", value: "v")]), at: region.now)
        #expect(throws: KeyValueStoreError.self) { try region.commit() }
        #expect {
            try region.store.changeLocalSettings(of: "T", .removeTags(keys: []), at: region.now)
        } throws: {
            if case LocalSettingsRefusal.storage = $0 { true } else { false }
        }
    }

    @Test func `a change that changes nothing is not written`() throws {
        _ = try region.store.changeLocalSettings(of: "T", .removeTags(keys: ["k"]), at: region.now)
        #expect(!region.store.hasPendingChanges)
    }
}
