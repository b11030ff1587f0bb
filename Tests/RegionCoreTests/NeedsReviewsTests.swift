import HybridClock
import RegionStore
import Replication
import Testing

@testable import RegionCore

@Suite struct NeedsReviewsTests {
    private static let own = Origin(region: RegionID(rawValue: 1), incarnation: Incarnation(high: 1 << 16, low: 0))
    private static let other = Origin(region: RegionID(rawValue: 2), incarnation: Incarnation(high: 2 << 16, low: 0))

    private static func committed(
        end: UInt64 = 0, received: UInt64 = 5, applied: UInt64 = 5, closed: UInt64 = 0
    ) -> CommittedState {
        CommittedState(
            log: SenderLink.LogBounds(
                start: LogPosition(rawValue: 1), end: LogPosition(rawValue: end),
                closed: HybridTimestamp(milliseconds: closed, counter: 0),
                directory: RegionDirectory(alive: [own])),
            stable: .zero, received: vector(received),
            applied: vector(applied))
    }

    private static func vector(_ position: UInt64) -> AppliedVector {
        var vector = AppliedVector()
        vector.raise(other, to: LogPosition(rawValue: position))
        return vector
    }

    private static func peers(downSince: UInt64? = nil, has position: UInt64 = 5) -> [RelayPolicy.Peer] {
        [RelayPolicy.Peer(region: other.region, origin: other, downSince: downSince, vector: vector(position))]
    }

    /// After a review that has found nothing.
    private static func quiet(downSince: UInt64? = nil, at now: UInt64 = 200) -> NeedsReviews {
        var configuration = LinkConfiguration()
        configuration.reviewMilliseconds = 200
        configuration.quietReviewMilliseconds = 2_000
        var reviews = NeedsReviews(configuration, patience: 250, at: 0)
        let isDue = reviews.takeDue(committed(), peers: peers(downSince: downSince), at: now)
        let hasBegun = reviews.begin(committed(), peers: peers(downSince: downSince), at: now)
        #expect(isDue && hasBegun)
        reviews.end(foundNothing: true)
        return reviews
    }

    @Test func `while nothing happens reviews are rare, and ticks of clocks are nothing`() {
        var reviews = Self.quiet()
        for now in stride(from: 400, to: 2_200, by: 200) as StrideTo<UInt64> {
            let isDue = reviews.takeDue(Self.committed(closed: now), peers: Self.peers(), at: now)
            #expect(!isDue)
            #expect(reviews.due == now + 200)
        }
        let isDue = reviews.takeDue(Self.committed(), peers: Self.peers(), at: 2_200)
        #expect(isDue)
    }

    @Test func `what is written, received or applied brings the next one at its time`() {
        for changed in [Self.committed(end: 1), Self.committed(received: 6), Self.committed(applied: 4)] {
            var reviews = Self.quiet()
            let isEarly = reviews.takeDue(changed, peers: Self.peers(), at: 399)
            let isDue = reviews.takeDue(changed, peers: Self.peers(), at: 400)
            #expect(!isEarly && isDue)
        }
    }

    @Test func `who goes and who comes back, and what others have, bring the next one at its time`() {
        for changed in [Self.peers(downSince: 390), Self.peers(has: 6)] {
            var reviews = Self.quiet()
            let isDue = reviews.takeDue(Self.committed(), peers: changed, at: 400)
            #expect(isDue)
        }
        var reviews = Self.quiet(downSince: 0, at: 400)
        let isDueWithAll = reviews.takeDue(Self.committed(), peers: Self.peers(), at: 600)
        #expect(isDueWithAll)
    }

    @Test func `while a region is away reviews are rare once nobody waits for it, and nothing happens`() {
        let away = Self.peers(downSince: 0)
        var waiting = Self.quiet(downSince: 0, at: 200)
        let isDue = waiting.takeDue(Self.committed(), peers: away, at: 400)
        #expect(isDue)
        var settled = Self.quiet(downSince: 0, at: 400)
        for now in stride(from: 600, to: 2_400, by: 200) as StrideTo<UInt64> {
            let isDue = settled.takeDue(Self.committed(), peers: away, at: now)
            #expect(!isDue)
        }
        let isLongAgo = settled.takeDue(Self.committed(), peers: away, at: 2_400)
        #expect(isLongAgo)
    }

    @Test func `a review that has found something is followed by the next at its time, and two are never under way`() {
        var reviews = Self.quiet()
        let first = reviews.begin(Self.committed(), peers: Self.peers(), at: 300)
        let second = reviews.begin(Self.committed(), peers: Self.peers(), at: 310)
        #expect(first && !second)
        reviews.end(foundNothing: false)
        let isDue = reviews.takeDue(Self.committed(), peers: Self.peers(), at: 400)
        #expect(isDue)
    }
}
