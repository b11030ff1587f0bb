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

    /// After a review at 200 ms that has found nothing.
    private static func quiet() -> NeedsReviews {
        var configuration = LinkConfiguration()
        configuration.reviewMilliseconds = 200
        configuration.quietReviewMilliseconds = 2_000
        var reviews = NeedsReviews(configuration, at: 0)
        let isDue = reviews.takeDue(committed(), isEverybodyThere: true, at: 200)
        let hasBegun = reviews.begin(committed(), at: 200)
        #expect(isDue && hasBegun)
        reviews.end(foundNothing: true)
        return reviews
    }

    @Test func `while nothing happens reviews are rare, and ticks of clocks are nothing`() {
        var reviews = Self.quiet()
        for now in stride(from: 400, to: 2_200, by: 200) as StrideTo<UInt64> {
            let isDue = reviews.takeDue(Self.committed(closed: now), isEverybodyThere: true, at: now)
            #expect(!isDue)
            #expect(reviews.due == now + 200)
        }
        let isDue = reviews.takeDue(Self.committed(), isEverybodyThere: true, at: 2_200)
        #expect(isDue)
    }

    @Test func `what is written, received or applied, and a region that is away, bring the next one at its time`() {
        for changed in [Self.committed(end: 1), Self.committed(received: 6), Self.committed(applied: 4)] {
            var reviews = Self.quiet()
            let isEarly = reviews.takeDue(changed, isEverybodyThere: true, at: 399)
            let isDue = reviews.takeDue(changed, isEverybodyThere: true, at: 400)
            #expect(!isEarly && isDue)
        }
        var reviews = Self.quiet()
        let isDue = reviews.takeDue(Self.committed(), isEverybodyThere: false, at: 400)
        #expect(isDue)
    }

    @Test func `a review that has found something is followed by the next at its time, and two are never under way`() {
        var reviews = Self.quiet()
        let first = reviews.begin(Self.committed(), at: 300)
        let second = reviews.begin(Self.committed(), at: 310)
        #expect(first && !second)
        reviews.end(foundNothing: false)
        let isDue = reviews.takeDue(Self.committed(), isEverybodyThere: true, at: 400)
        #expect(isDue)
    }
}
