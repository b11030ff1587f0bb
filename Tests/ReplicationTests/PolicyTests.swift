import RegionStore
import Replication
import TestSupport
import Testing

@Suite("Backoff")
struct BackoffTests {
    @Test("The wait grows from the lower bound, stays within the bounds, and begins anew after a success")
    func bounds() {
        var random = SplitMix64(seed: 1)
        for _ in 0..<100 {
            var backoff = Backoff(bounds: 100...10_000)
            #expect(backoff.next(using: &random) == 100)
            for attempt in 1..<200 {
                let ceiling = min(10_000, UInt64(100) << UInt64(min(attempt, 20)))
                #expect((100...ceiling).contains(backoff.next(using: &random)))
            }
            backoff.reset()
            #expect(backoff.next(using: &random) == 100)
        }
    }

    @Test("Bounds of any size do not overflow")
    func extremes() {
        var random = SplitMix64(seed: 2)
        var wide = Backoff(bounds: 1...(.max))
        var narrow = Backoff(bounds: (.max)...(.max))
        for _ in 0..<100 {
            #expect(wide.next(using: &random) >= 1)
            #expect(narrow.next(using: &random) == .max)
        }
    }
}

@Suite("Relaying")
struct RelayPolicyTests {
    static func origin(_ region: UInt16, _ incarnation: UInt64 = 1) -> Origin {
        Origin(region: RegionID(rawValue: region), incarnation: Incarnation(high: incarnation << 16, low: 0))
    }

    static func vector(_ entries: (Origin, UInt64)...) -> AppliedVector {
        var vector = AppliedVector()
        for (origin, position) in entries { vector.raise(origin, to: LogPosition(rawValue: position)) }
        return vector
    }

    let policy = RelayPolicy(patienceMilliseconds: 1_000)
    let one = origin(1)
    let two = origin(2)
    let three = origin(3)

    private func plan(
        vector: AppliedVector, gaps: AppliedVector = AppliedVector(), _ peers: [RelayPolicy.Peer],
        current: RelayPolicy.Plan = .init(), at now: UInt64
    ) -> RelayPolicy.Plan {
        policy.plan(
            for: RegionNeeds(own: one, vector: vector, gaps: gaps, catchUps: [], senders: []), peers: peers,
            current: current, at: now)
    }

    private func peer(_ origin: Origin?, region: UInt16, down: UInt64? = nil, _ vector: AppliedVector)
        -> RelayPolicy.Peer
    {
        .init(region: RegionID(rawValue: region), origin: origin, downSince: down, vector: vector)
    }

    @Test("Nothing is relayed while links are up or were down for a moment only")
    func patience() {
        let known = Self.vector((two, 5), (three, 5))
        let third = peer(three, region: 3, Self.vector((two, 9), (three, 9)))
        #expect(plan(vector: known, [peer(two, region: 2, Self.vector()), third], at: 9_000).routes.isEmpty)
        let down = peer(two, region: 2, down: 8_500, Self.vector())
        #expect(plan(vector: known, [down, third], at: 9_499).routes.isEmpty)
        let routes = plan(vector: known, [down, third], at: 9_500).routes
        #expect(routes.map(\.origin) == [two] && routes.map(\.through) == [three])
        #expect(routes.map(\.after) == [LogPosition(rawValue: 5)])
    }

    @Test("Whoever has nothing more is not asked, and whoever has most is, the lower number among equals")
    func most() {
        let known = Self.vector((two, 9))
        let down = peer(two, region: 2, down: 0, Self.vector())
        let poor = peer(three, region: 3, Self.vector((two, 9)))
        #expect(plan(vector: known, [down, poor], at: 5_000).routes.isEmpty)
        let four = peer(Self.origin(4), region: 4, Self.vector((two, 20)))
        let five = peer(Self.origin(5), region: 5, Self.vector((two, 20)))
        #expect(
            plan(vector: known, [down, poor, five, four], at: 5_000).routes.map(\.through) == [Self.origin(4)])
    }

    @Test("A route stays with its region while that has more, though another has most by now")
    func stays() {
        let down = peer(two, region: 2, down: 0, Self.vector())
        let first = plan(
            vector: Self.vector((two, 1)), [down, peer(three, region: 3, Self.vector((two, 5)))], at: 5_000)
        let peers = [
            down, peer(three, region: 3, Self.vector((two, 6))),
            peer(Self.origin(4), region: 4, Self.vector((two, 9))),
        ]
        #expect(plan(vector: Self.vector((two, 5)), peers, current: first, at: 6_000).routes == first.routes)
        // It has all that there is: the route is kept for what is to come.
        let complete = [down, peer(three, region: 3, Self.vector((two, 6)))]
        #expect(plan(vector: Self.vector((two, 6)), complete, current: first, at: 6_000).routes == first.routes)
        // Another has more than it: the route moves.
        #expect(
            plan(vector: Self.vector((two, 6)), peers, current: first, at: 6_000).routes.map(\.through)
                == [Self.origin(4)])
    }

    @Test("Changes of an incarnation that is no more come from others at once, of this region itself too")
    func superseded() {
        let old = Self.origin(2, 7)
        let ownOld = Self.origin(1, 7)
        let peers = [
            peer(two, region: 2, Self.vector()), peer(three, region: 3, Self.vector((old, 4), (ownOld, 3))),
        ]
        let routes = plan(vector: Self.vector((old, 1)), peers, at: 0).routes
        #expect(routes.map(\.origin) == [ownOld, old])
        #expect(routes.allSatisfy { $0.through == three })
    }

    @Test(
        "What a replica lacks is asked of the origin itself, and where that is gone of whoever has as much as this region"
    )
    func catchUps() {
        let gaps = Self.vector((two, 2))
        let known = Self.vector((two, 5))
        let up = [peer(two, region: 2, Self.vector()), peer(three, region: 3, Self.vector((two, 5)))]
        #expect(plan(vector: known, gaps: gaps, up, at: 5_000).catchUps.map(\.through) == [two])
        let down = [peer(two, region: 2, down: 0, Self.vector()), peer(three, region: 3, Self.vector((two, 5)))]
        #expect(plan(vector: known, gaps: gaps, down, at: 5_000).catchUps.map(\.through) == [three])
        let poor = [peer(two, region: 2, down: 0, Self.vector()), peer(three, region: 3, Self.vector((two, 4)))]
        #expect(plan(vector: known, gaps: gaps, poor, at: 5_000).catchUps.isEmpty)
    }
}
