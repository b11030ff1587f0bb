/// What is to happen, in the order of its times and, at one time, in the order in which it was planned.
struct EventQueue {
    /// A heap with four children a node, of places in `events`: moving a place costs no reference counting.
    private var heap: [Place] = []
    private var events: [Event?] = []
    private var free: [Int32] = []
    private var nextNumber: UInt64 = 0

    /// What happens, when, and in which process of which region; nil for in none.
    struct Event {
        let time: VirtualTime
        let region: SimulatedRegion?
        let process: Int
        let body: () -> Void
    }

    private struct Place {
        let time: UInt64
        let number: UInt64
        let slot: Int32

        func isBefore(_ other: Place) -> Bool {
            time == other.time ? number < other.number : time < other.time
        }
    }

    var isEmpty: Bool { heap.isEmpty }
    var count: Int { heap.count }

    /// When the next event is due.
    var nextTime: VirtualTime? { heap.first.map { VirtualTime(nanoseconds: $0.time) } }

    mutating func insert(
        at time: VirtualTime, in region: SimulatedRegion? = nil, process: Int = 0, _ body: @escaping () -> Void
    ) {
        let event = Event(time: time, region: region, process: process, body: body)
        let slot: Int32
        if let reused = free.popLast() {
            slot = reused
            events[Int(slot)] = event
        } else {
            slot = Int32(events.count)
            events.append(event)
        }
        heap.append(Place(time: time.nanoseconds, number: nextNumber, slot: slot))
        nextNumber += 1
        siftUp(heap.count - 1)
    }

    /// Takes the next event out.
    mutating func popFirst() -> Event? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty {
            heap[0] = last
            siftDown()
        }
        guard let event = events[Int(first.slot)].take() else { return nil }
        free.append(first.slot)
        return event
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        let moved = heap[child]
        while child > 0 {
            let parent = (child - 1) / 4
            guard moved.isBefore(heap[parent]) else { break }
            heap[child] = heap[parent]
            child = parent
        }
        heap[child] = moved
    }

    private mutating func siftDown() {
        let moved = heap[0]
        var parent = 0
        while true {
            var child = 4 * parent + 1
            guard child < heap.count else { break }
            for other in (child + 1)..<max(child + 1, min(child + 4, heap.count))
            where heap[other].isBefore(heap[child]) { child = other }
            guard heap[child].isBefore(moved) else { break }
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = moved
    }
}
