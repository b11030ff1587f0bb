import Testing

@testable import Simulation

@Suite("The engine")
struct EngineTests {
    @Test("runs events in the order of their times, and of their planning at one time")
    func order() {
        var queue = EventQueue()
        var random = Generator(seed: 7)
        var expected: [(UInt64, Int)] = []
        final class Log { var numbers: [Int] = [] }
        let log = Log()
        for number in 0..<2_000 {
            let time = random.next() % 50
            expected.append((time, number))
            queue.insert(at: VirtualTime(nanoseconds: time)) { log.numbers.append(number) }
        }
        while let event = queue.popFirst() { event.body() }
        #expect(log.numbers == expected.sorted { $0 < $1 }.map(\.1))
    }

    @Test("gives each purpose its own numbers, the same in every run")
    func purposes() {
        let randomness = Randomness(seed: 1)
        var (first, again, other) = (
            randomness.generator(for: "a"), randomness.generator(for: "a"), randomness.generator(for: "b")
        )
        let numbers = (0..<10).map { _ in first.next() }
        #expect(numbers == (0..<10).map { _ in again.next() })
        #expect(numbers != (0..<10).map { _ in other.next() })
    }

    @Test("draws from distributions with the means that they should have")
    func distributions() {
        var random = Generator(seed: 3)
        let count = 50_000
        let exponential = (0..<count).reduce(0) { sum, _ in sum + random.exponential(mean: 4) } / Double(count)
        let normal = (0..<count).reduce(0) { sum, _ in sum + random.normal() } / Double(count)
        #expect(abs(exponential - 4) < 0.1)
        #expect(abs(normal) < 0.02)
        #expect((0..<1000).allSatisfy { _ in (0..<1).contains(random.unit()) })
    }

    @Test("writes times as people read them")
    func times() {
        #expect(VirtualTime(nanoseconds: 3_725_006_000_000).description == "1:02:05.006")
        #expect(VirtualTime.zero - VirtualTime(nanoseconds: 5) == .zero)
    }

    @Test("tells of changes that were half a day old when they arrived, and of older ones")
    func staleness() {
        let hour = 3_600_000_000 as UInt64
        var staleness = Staleness()
        #expect(staleness.milliseconds(share: 1) == 0)
        staleness.record(40_000, count: 10)
        staleness.record(12 * hour, count: 80)
        staleness.record(59 * 24 * hour, count: 10)
        #expect(staleness.count == 100)
        #expect(staleness.milliseconds(share: 0.05) < 41)
        #expect(abs(staleness.milliseconds(share: 0.5) / 3_600_000 - 12) < 0.2)
        #expect(abs(staleness.milliseconds(share: 0.95) / 3_600_000 - 59 * 24) < 20)
        #expect(staleness.milliseconds(share: 1) == Double(59 * 24 * hour / 1000))
    }
}
