import HybridClock
import Testing

@Suite struct `Hybrid logical clock` {
    @Test func `follows the physical clock when that is ahead`() {
        var clock = HybridLogicalClock(maximumOffsetMilliseconds: 500)
        #expect(clock.now(at: 1_000) == HybridTimestamp(milliseconds: 1_000))
        #expect(clock.now(at: 1_001) == HybridTimestamp(milliseconds: 1_001))
    }

    @Test func `counts within one millisecond`() {
        var clock = HybridLogicalClock(maximumOffsetMilliseconds: 500)
        let stamps = (0..<3).map { _ in clock.now(at: 7) }
        #expect(stamps.map(\.counter) == [0, 1, 2])
        #expect(stamps.map(\.milliseconds) == [7, 7, 7])
    }

    @Test func `never goes back when the physical clock does`() {
        var clock = HybridLogicalClock(maximumOffsetMilliseconds: 500)
        let before = clock.now(at: 10_000)
        let after = clock.now(at: 3_000)
        #expect(after > before)
        #expect(after.milliseconds == 10_000)
    }

    @Test func `carries an overflowing counter into the milliseconds`() {
        var clock = HybridLogicalClock(
            highWaterMark: HybridTimestamp(milliseconds: 5, counter: .max), maximumOffsetMilliseconds: 500)
        #expect(clock.now(at: 5) == HybridTimestamp(milliseconds: 6, counter: 0))
        #expect(clock.now(at: 5) == HybridTimestamp(milliseconds: 6, counter: 1))
    }

    @Test func `gives stamps above every stamp that it took in`() throws {
        var clock = HybridLogicalClock(maximumOffsetMilliseconds: 500)
        let remote = HybridTimestamp(milliseconds: 1_400, counter: 9)
        try clock.observe(remote, at: 1_000)
        #expect(clock.now(at: 1_000) == HybridTimestamp(milliseconds: 1_400, counter: 10))
    }

    @Test func `is not lowered by an old stamp`() throws {
        var clock = HybridLogicalClock(maximumOffsetMilliseconds: 500)
        let local = clock.now(at: 1_000)
        try clock.observe(HybridTimestamp(milliseconds: 10), at: 1_000)
        #expect(clock.highWaterMark == local)
    }

    @Test(arguments: [(1_500, true), (1_501, false)])
    func `takes in stamps up to the bound and no further`(milliseconds: UInt64, isTaken: Bool) {
        var clock = HybridLogicalClock(maximumOffsetMilliseconds: 500)
        let before = clock.highWaterMark
        let stamp = HybridTimestamp(milliseconds: milliseconds, counter: 3)
        if isTaken {
            #expect(throws: Never.self) { try clock.observe(stamp, at: 1_000) }
        } else {
            #expect(throws: ClockError.self) { try clock.observe(stamp, at: 1_000) }
        }
        #expect(clock.highWaterMark == (isTaken ? stamp : before))
    }

    @Test func `continues above its high-water mark after a restart with the clock set back`() {
        var first = HybridLogicalClock(maximumOffsetMilliseconds: 500)
        let last = first.now(at: 90_000)
        var second = HybridLogicalClock(highWaterMark: first.highWaterMark, maximumOffsetMilliseconds: 500)
        #expect(second.now(at: 1) > last)
    }

    @Test func `an unbounded offset does not overflow`() throws {
        var clock = HybridLogicalClock(maximumOffsetMilliseconds: .max)
        try clock.observe(HybridTimestamp(rawValue: .max), at: 1)
        #expect(clock.highWaterMark.rawValue == .max)
    }

    @Test func `stamps are ordered by milliseconds and then by counter`() {
        let stamps = [(1, 0), (1, 1), (1, 65_535), (2, 0)].map {
            HybridTimestamp(milliseconds: UInt64($0.0), counter: UInt16($0.1))
        }
        #expect(stamps == stamps.sorted())
        #expect(stamps[2].successor == stamps[3])
        #expect(HybridTimestamp(rawValue: .max).successor.rawValue == .max)
    }

    /// Two clocks that exchange stamps under random physical times: causality must always show in the order.
    @Test func `causality always shows in the order of stamps`() throws {
        var state: UInt64 = 42
        func draw(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        var clocks = [
            HybridLogicalClock(maximumOffsetMilliseconds: .max), HybridLogicalClock(maximumOffsetMilliseconds: .max),
        ]
        for _ in 0..<10_000 {
            let (from, to) = draw(2) == 0 ? (0, 1) : (1, 0)
            let sent = clocks[from].now(at: draw(1_000))
            try clocks[to].observe(sent, at: draw(1_000))
            #expect(clocks[to].now(at: draw(1_000)) > sent)
        }
    }
}
