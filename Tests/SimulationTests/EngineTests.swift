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
}
