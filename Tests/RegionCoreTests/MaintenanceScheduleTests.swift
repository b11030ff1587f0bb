import Testing

@testable import RegionCore

@Suite struct MaintenanceScheduleTests {
    private func schedule(_ now: UInt64 = 0, logEnd: UInt64 = 0) -> MaintenanceSchedule {
        MaintenanceSchedule(startingAt: now, logEnd: logEnd)
    }

    @Test func `every part is due at the start, one a round, and again after its interval`() {
        var schedule = schedule(1_000)
        var turns: [MaintenanceSchedule.Duty] = []
        while let turn = schedule.next(at: 1_000, logEnd: 0) {
            turns.append(turn.duty)
            schedule.did(turn.duty, hasMore: false, at: 1_000, logEnd: 0)
        }
        #expect(turns == MaintenanceSchedule.Duty.allCases)
        #expect(schedule.nextDueMilliseconds == 1_250)
        #expect(schedule.next(at: 1_249, logEnd: 0) == nil)
        #expect(schedule.next(at: 1_250, logEnd: 0)?.duty == .backfill)
    }

    @Test func `an idle region ticks half as often, until something is written`() {
        var schedule = schedule()
        var (now, logEnd): (UInt64, UInt64) = (0, 0)
        func tick() -> UInt64 {
            schedule.did(.tick, hasMore: false, at: now, logEnd: logEnd)
            for duty in MaintenanceSchedule.Duty.allCases where duty != .tick {
                schedule.did(duty, hasMore: false, at: now + 60_000, logEnd: logEnd)
            }
            defer { now = schedule.nextDueMilliseconds }
            return schedule.nextDueMilliseconds - now
        }
        #expect((0..<19).allSatisfy { _ in tick() == 500 })
        #expect((0..<5).allSatisfy { _ in tick() == 1_000 })
        logEnd = 1
        #expect((0..<20).allSatisfy { _ in tick() == 500 })
        #expect(tick() == 1_000)
    }

    /// What is due in a hundred seconds in which nothing is written, with the number of turns in each ten of them.
    private func idle(heartbeatMilliseconds: UInt64) -> (schedule: MaintenanceSchedule, now: UInt64, turns: [Int]) {
        var schedule = MaintenanceSchedule(
            startingAt: 0, logEnd: 0, heartbeatMilliseconds: heartbeatMilliseconds)
        var turns = [Int](repeating: 0, count: 10)
        while schedule.nextDueMilliseconds < 100_000 {
            let now = schedule.nextDueMilliseconds
            guard let turn = schedule.next(at: now, logEnd: 0) else { break }
            schedule.did(turn.duty, hasMore: false, at: now, logEnd: 0)
            turns[Int(now / 10_000)] += 1
        }
        return (schedule, 100_000, turns)
    }

    @Test func `an idle region does a fraction of what a busy one does, and ticks no more often than others are told`()
    {
        #expect(idle(heartbeatMilliseconds: 200).turns.first == 62)
        // Ten ticks, two of each of three others, and the log.
        #expect(idle(heartbeatMilliseconds: 200).turns.last == 17)
        #expect(idle(heartbeatMilliseconds: 10_000).turns.last == 8)
    }

    @Test func `what is written in an idle region has all parts due as in a busy one`() {
        for duty in MaintenanceSchedule.Duty.allCases where duty != .trimLog {
            var (schedule, now, _) = idle(heartbeatMilliseconds: 10_000)
            while let turn = schedule.next(at: now, logEnd: 0) {
                schedule.did(turn.duty, hasMore: false, at: now, logEnd: 0)
            }
            schedule.note(logEnd: 1)
            var last: UInt64 = 0
            while last == 0, schedule.nextDueMilliseconds <= now + 1_000 {
                let due = schedule.nextDueMilliseconds
                while let turn = schedule.next(at: due, logEnd: 1) {
                    if turn.duty == duty { last = due }
                    schedule.did(turn.duty, hasMore: false, at: due, logEnd: 1)
                }
            }
            now += duty.intervalMilliseconds
            #expect(last > 0 && last <= now, "\(duty)")
        }
    }

    @Test func `parts with more to do take turns, so that none starves`() {
        var schedule = schedule()
        var counts: [MaintenanceSchedule.Duty: Int] = [:]
        for _ in 0..<50 {
            guard let turn = schedule.next(at: 0, logEnd: 0) else { break }
            counts[turn.duty, default: 0] += 1
            schedule.did(turn.duty, hasMore: true, at: 0, logEnd: 0)
        }
        #expect(MaintenanceSchedule.Duty.allCases.allSatisfy { counts[$0] == 10 })
    }

    /// The log grows by up to ten thousand entries between two turns; each of the parts that take out what writes leave looks at more.
    @Test func `however fast the log grows, it is trimmed faster`() {
        var schedule = schedule()
        var (logEnd, logStart): (UInt64, UInt64) = (0, 0)
        var longest: UInt64 = 0
        for round in 0..<2_000 as Range<UInt64> {
            logEnd += round < 1_000 ? 1_900 : 0
            guard let turn = schedule.next(at: 20_000, logEnd: logEnd) else { break }
            if turn.duty == .trimLog { logStart = min(logEnd, logStart + UInt64(turn.quota)) }
            schedule.did(turn.duty, hasMore: true, at: 20_000, logEnd: logEnd)
            longest = max(longest, logEnd - logStart)
        }
        #expect(logStart == logEnd)
        #expect(longest <= 20_000)
    }

    @Test func `a turn is bounded, whatever has gathered`() {
        let schedule = schedule()
        let turns = MaintenanceSchedule.Duty.allCases.compactMap { _ in schedule.next(at: 0, logEnd: 1 << 40) }
        #expect(turns.allSatisfy { $0.quota <= 20_000 })
    }
}
