import Testing

@testable import RegionServer

@Suite struct OpenFileBudgetTests {
    private func budget(_ limit: Int?) -> OpenFileBudget {
        OpenFileBudget(limit: limit, connectionCountMax: 10_000, storeFileCountMax: 4096, pendingLinkCountMax: 128)
    }

    @Test func `a high limit bounds nothing, and neither does an unknown one`() {
        for limit in [20_000, 1 << 20, .max, nil] {
            #expect(budget(limit).connectionCount == 10_000)
            #expect(budget(limit).storeFileCount == 4096)
            #expect(budget(limit).pendingLinkCount == 128)
        }
    }

    @Test(arguments: [256, 1024, 4096, 20_000])
    func `a part of the limit is left for what is neither a client's nor a sorted file`(limit: Int) {
        let budget = budget(limit)
        #expect(budget.connectionCount + budget.storeFileCount <= limit * 3 / 4)
        let handshakes = budget.excessConnectionCount + budget.pendingLinkCount
        #expect(budget.connectionCount + budget.storeFileCount + handshakes <= limit * 7 / 8)
        #expect(budget.connectionCount >= limit / 2 || budget.connectionCount == 10_000)
    }

    @Test func `the least limit leaves one of each`() {
        #expect(budget(1).connectionCount == 1)
        #expect(budget(1).storeFileCount == 16)
        #expect(budget(1).excessConnectionCount == 1)
    }
}
