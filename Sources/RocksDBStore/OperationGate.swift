import Glibc
import Synchronization

/// Lets operations in until it is closed, and tells the closer when the last of them is out.
///
/// To enter costs one atomic addition, on a cache line that threads seldom share, and takes no lock.
struct OperationGate: ~Copyable, @unchecked Sendable {
    private let slots: UnsafeMutablePointer<Slot>
    private let closed = Atomic(false)

    /// A count of operations on a cache line of its own.
    private struct Slot: ~Copyable {
        let count = Atomic(0)
        private let padding = (0, 0, 0, 0, 0, 0, 0)
    }

    private static let slotCountLog2: UInt = 4

    init() {
        let slotCount = 1 << Self.slotCountLog2
        slots = UnsafeMutableRawPointer.allocate(byteCount: slotCount * MemoryLayout<Slot>.stride, alignment: 64)
            .bindMemory(to: Slot.self, capacity: slotCount)
        for index in 0..<slotCount {
            (slots + index).initialize(to: Slot())
        }
    }

    deinit {
        slots.deinitialize(count: 1 << Self.slotCountLog2)
        UnsafeMutableRawPointer(slots).deallocate()
    }

    /// What an operation gives back when it leaves.
    struct Pass {
        fileprivate let slotIndex: Int
    }

    /// Counts an operation in; nil once the gate is closed.
    @inline(__always)
    func enter() -> Pass? {
        let pass = Pass(slotIndex: Self.slotIndexOfThread())
        slots[pass.slotIndex].count.add(1, ordering: .sequentiallyConsistent)
        // The closer stores and then counts, this counts and then loads: one of them sees the other.
        guard !closed.load(ordering: .sequentiallyConsistent) else {
            leave(pass)
            return nil
        }
        return pass
    }

    @inline(__always)
    func leave(_ pass: Pass) {
        slots[pass.slotIndex].count.subtract(1, ordering: .releasing)
    }

    /// Whether the closer is waiting: a long operation should then end.
    var isClosed: Bool { closed.load(ordering: .relaxed) }

    /// Lets no further operation in and returns when all are out; false where somebody else has closed the gate.
    func close() -> Bool {
        guard !closed.exchange(true, ordering: .sequentiallyConsistent) else { return false }
        for index in 0..<(1 << Self.slotCountLog2) {
            while slots[index].count.load(ordering: .sequentiallyConsistent) != 0 {
                usleep(50)
            }
        }
        return true
    }

    @inline(__always)
    private static func slotIndexOfThread() -> Int {
        // Threads' addresses differ in their middle bits: Fibonacci hashing brings those to the top.
        let hash = UInt(pthread_self()) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: hash >> (64 - slotCountLog2))
    }
}
