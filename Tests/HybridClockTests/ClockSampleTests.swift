import HybridClock
import Testing

@Suite struct ClockSampleTests {
    @Test func `a round trip bounds what the other clock shows, and the offset is the middle's`() {
        let sample = ClockSample(clock: 10_000, askedAt: 400, answeredAt: 600)
        #expect(sample.bounds == 10_000...10_200)
        #expect(sample.age(at: 600) == 0)
        #expect(sample.age(at: 1_600) == 1_000)
        #expect(sample.age(at: 0) == 0)
        #expect(sample.offset(from: 10_000, at: 600) == 100)
        #expect(sample.offset(from: 10_000, at: 1_600) == 1_100)
        #expect(sample.offset(from: 20_000, at: 600) == -9_900)
    }

    @Test func `whatever another host says, nothing overflows`() {
        let extremes: [UInt64] = [0, 1, UInt64(Int64.max), UInt64(Int64.max) + 1, .max - 1, .max]
        for clock in extremes {
            for asked in extremes {
                for answered in extremes {
                    let sample = ClockSample(clock: clock, askedAt: asked, answeredAt: answered)
                    #expect(sample.bounds.lowerBound == clock)
                    for now in extremes {
                        #expect(sample.offset(from: now, at: now).magnitude <= HybridTimestamp.maximumMilliseconds * 2)
                    }
                }
            }
        }
    }
}
