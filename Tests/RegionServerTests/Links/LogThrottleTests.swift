import Testing

@testable import RegionServer

@Suite struct LogThrottleTests {
    @Test func `a cause is logged once in a while, with how often it was not`() {
        let throttle = LogThrottle(intervalMilliseconds: 100)
        #expect(throttle.admit("a", at: 0) == 0)
        #expect(throttle.admit("a", at: 1) == nil && throttle.admit("a", at: 99) == nil)
        #expect(throttle.admit("b", at: 50) == 0)
        #expect(throttle.admit("a", at: 100) == 2)
        #expect(throttle.admit("a", at: 300) == 0)
    }

    @Test func `causes without end cost a bounded number of lines`() {
        let throttle = LogThrottle(intervalMilliseconds: 100)
        let admitted = (0..<10_000).count { throttle.admit("cause \($0)", at: 5) != nil }
        #expect(admitted <= 65)
    }
}
