import Foundation
import HostClock
import Testing

/// What two threads of a test share, under a condition.
private final class Shared: @unchecked Sendable {
    let condition = MonotonicCondition()
    var isSet = false
}

@Suite struct HostClockTests {
    @Test func `the clocks count milliseconds, and the monotonic one never goes back`() {
        let before = HostClock.monotonicMilliseconds()
        #expect(HostClock.physicalMilliseconds() > 1_700_000_000_000)
        var last = before
        for _ in 0..<10_000 {
            let now = HostClock.monotonicMilliseconds()
            #expect(now >= last)
            last = now
        }
    }

    @Test func `a thread that waits is woken by another one`() {
        let shared = Shared()
        Thread {
            shared.condition.lock()
            shared.isSet = true
            shared.condition.signal()
            shared.condition.unlock()
        }.start()
        shared.condition.lock()
        while !shared.isSet { shared.condition.wait() }
        shared.condition.unlock()
        #expect(shared.isSet)
    }

    @Test func `a timed wait ends by itself, and not before its time`() {
        let condition = MonotonicCondition()
        let start = HostClock.monotonicMilliseconds()
        condition.lock()
        var waits = 0
        // A wait may end without a reason, but none of these lasts for ever.
        while HostClock.monotonicMilliseconds() < start + 30 {
            condition.wait(milliseconds: start + 30 - min(start + 29, HostClock.monotonicMilliseconds()))
            waits += 1
        }
        condition.unlock()
        #expect(waits >= 1)
        condition.lock()
        condition.wait(milliseconds: 0)
        condition.unlock()
    }
}
