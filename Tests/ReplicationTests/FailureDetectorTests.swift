import Replication
import TestSupport
import Testing

@Suite("The detector of failures")
struct FailureDetectorTests {
    private static func detector() -> FailureDetector {
        var detector = FailureDetector(interval: 100, bounds: 1_000...10_000)
        detector.begin(at: 0)
        return detector
    }

    /// When a peer is given up that was last heard at `start`.
    private static func suspicion(of detector: inout FailureDetector, from start: UInt64) -> UInt64? {
        for now in stride(from: start + 100, through: start + 60_000, by: 100) where detector.check(at: now) {
            return now - start
        }
        return nil
    }

    @Test func `a peer that is heard regularly is given up after the least silence`() {
        var detector = Self.detector()
        for now in stride(from: 100, through: 5_000, by: 100) as StrideThrough<UInt64> {
            let isGone = detector.check(at: now)
            #expect(!isGone)
            detector.heard(at: now)
        }
        let silence = Self.suspicion(of: &detector, from: 5_000)
        #expect(silence == 1_000)
    }

    @Test func `a peer that was heard after gaps may be silent for longer, up to the bound, until they are forgotten`()
    {
        for (gap, limit) in [(200, 1_000), (300, 1_500), (900, 4_500), (1_900, 9_500), (2_100, 10_000)]
            as [(UInt64, UInt64)]
        {
            var detector = Self.detector()
            for now in stride(from: 100, to: gap, by: 100) { _ = detector.check(at: now) }
            detector.heard(at: gap)
            #expect(detector.limit == limit)
            var now = gap
            for _ in 0..<1_300 {
                now += 100
                detector.heard(at: now)
            }
            #expect(detector.limit == 1_000)
        }
    }

    @Test func `an end that was stopped does not blame its peer`() {
        var detector = Self.detector()
        detector.heard(at: 100)
        let isGone = detector.check(at: 50_000) || detector.check(at: 50_100)
        #expect(!isGone)
        detector.heard(at: 50_110)
        #expect(detector.limit < 2_000)
    }

    /// TCP's retransmission as the simulator has it: a timeout of 200 ms at first, doubled with each loss, and everything in order.
    @Test func `a peer behind a lossy way is rarely given up`() {
        var random = SplitMix64(seed: 30)
        var suspicions: [UInt64: Int] = [:]
        for loss in [1, 10, 30] as [UInt64] {
            var detector = Self.detector()
            var (arrivals, count) = ([] as [UInt64], 0)
            // Ten minutes.
            for now in stride(from: 100, through: 600_000, by: 100) as StrideThrough<UInt64> {
                var (delay, timeout) = (40 as UInt64, 200 as UInt64)
                while UInt64.random(in: 0..<100, using: &random) < loss {
                    delay += timeout
                    timeout *= 2
                }
                arrivals.append(max(arrivals.last ?? 0, now + delay))
                while let arrival = arrivals.first, arrival <= now {
                    detector.heard(at: arrival)
                    arrivals.removeFirst()
                }
                if detector.check(at: now) {
                    count += 1
                    detector.begin(at: now)
                }
            }
            suspicions[loss] = count
        }
        #expect(suspicions[1] == 0)
        #expect(suspicions[10] == 0)
        #expect(suspicions[30, default: .max] <= 12, "\(suspicions)")
    }
}
