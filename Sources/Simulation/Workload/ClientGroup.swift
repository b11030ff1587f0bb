import Foundation
import ItemModel

/// The clients of one workload that are at home in one region.
final class ClientGroup {
    unowned let world: World
    let plan: WorkloadPlan
    /// Its place in the scenario's workload.
    let number: Int
    let home: Int
    let table: TablePlan
    var generator: Generator
    var keys: KeyChooser
    private let pickers: [(weight: Int, kind: Request.Kind)]
    private let weightSum: Int
    private var failover: FailoverState
    private var retries: RetryState
    private let lastArrival: VirtualTime
    /// What was sent and is not known to be over, in the order in which it was sent, from `firstCall` on.
    private var calls: [(deadline: VirtualTime, call: Call)] = []
    private var firstCall = 0
    private var isTimerSet = false
    /// What became of the recorded writes, in the order in which they were made.
    private(set) var replayedWrites: [ReplayedWrite] = []

    init(_ plan: WorkloadPlan, table: TablePlan, home: Int, in world: World) {
        self.world = world
        self.plan = plan
        number = world.scenario.workload.firstIndex { $0.name == plan.name } ?? 0
        self.table = table
        self.home = home
        generator = world.randomness.generator(for: "clients/\(plan.name)/\(home)")
        keys = KeyChooser(plan.keys)
        pickers = [
            (plan.mix.read, .read), (plan.mix.put, .put), (plan.mix.update, .update), (plan.mix.delete, .delete),
            (plan.mix.insert, .insert), (plan.mix.scan, .scan), (plan.mix.query, .query),
            (plan.mix.readModifyWrite, .readModifyWrite),
            (plan.mix.putIfAbsent, .putIfAbsent), (plan.mix.batch, .batch),
            (plan.mix.transaction, .transaction),
        ].filter { $0.0 > 0 }
        weightSum = max(1, pickers.reduce(0) { $0 + $1.weight })
        failover = FailoverState(plan.failover, home: home, in: world, table: table)
        retries = RetryState(
            plan.retries, world.randomness.generator(for: "retries/\(plan.name)/\(home)"))
        lastArrival = VirtualTime.zero + VirtualDuration(plan.until ?? world.scenario.duration)
    }

    func start() {
        world.schedule(at: VirtualTime.zero + VirtualDuration(plan.from ?? .zero)) { [self] in
            switch plan.arrival {
            case .closed(let clients, let think): for _ in 0..<clients { scheduleClosed(think: think) }
            case .trace(let trace): replay(trace)
            case .poisson, .diurnal, .burst: scheduleArrival()
            }
        }
    }

    // MARK: - Recorded requests

    private func replay(_ trace: RequestTrace) {
        let name = world.regions[home].name
        let own = trace.requests.indices.filter { (trace.requests[$0].region ?? plan.regions.first) == name }
        replay(own[...], of: trace, from: world.now)
    }

    /// Plans the first of some recorded requests; when it is made, the next one.
    private func replay(_ places: ArraySlice<Int>, of trace: RequestTrace, from start: VirtualTime) {
        guard let place = places.first else { return }
        let recorded = trace.requests[place]
        let time = start + VirtualDuration(nanoseconds: recorded.at)
        guard time < lastArrival else { return }
        world.schedule(at: time) { [self] in
            let request = Request(recorded, group: self)
            if recorded.operation.isWrite {
                let write = ReplayedWrite(at: place, sentAt: world.now, home: home)
                request.replayed = write
                replayedWrites.append(write)
            }
            make(request) {}
            replay(places.dropFirst(), of: trace, from: start)
        }
    }

    // MARK: - Drawn requests

    /// Plans the next arrival: as a Poisson process of the highest rate, of which only the present rate's share becomes requests.
    ///
    /// Source: Lewis and Shedler, "Simulation of nonhomogeneous Poisson processes by thinning", 1979.
    private func scheduleArrival() {
        let wait = generator.exponential(mean: 1e9 / max(1e-9, highestRate))
        let time = world.now + VirtualDuration(nanoseconds: UInt64(min(1e17, wait)))
        guard time < lastArrival else { return }
        world.schedule(at: time) { [self] in
            let rate = rate(at: world.now)
            if rate >= highestRate || generator.happens(rate / highestRate) { issue {} }
            scheduleArrival()
        }
    }

    private var highestRate: Double {
        switch plan.arrival {
        case .poisson(let perSecond): perSecond
        case .diurnal(let low, let high, _): max(low, high)
        case .burst(let perSecond, let peak, _, _): max(perSecond, peak)
        case .closed, .trace: 0
        }
    }

    /// Requests a second.
    private func rate(at time: VirtualTime) -> Double {
        switch plan.arrival {
        case .poisson(let perSecond): return perSecond
        case .diurnal(let low, let high, let period):
            let turns = time.seconds / max(1e-9, VirtualDuration(period).seconds)
            return low + (high - low) * (1 - cos(2 * .pi * turns)) / 2
        case .burst(let perSecond, let peak, let every, let length):
            let cycle = max(1, VirtualDuration(every).nanoseconds)
            return time.nanoseconds % cycle < VirtualDuration(length).nanoseconds ? peak : perSecond
        case .closed, .trace: return 0
        }
    }

    private func scheduleClosed(think: Duration) {
        let mean = max(1, Double(VirtualDuration(think).nanoseconds))
        let wait = VirtualDuration(nanoseconds: UInt64(min(1e17, generator.exponential(mean: mean))))
        let time = world.now + wait
        guard time < lastArrival else { return }
        world.schedule(at: time) { [self] in issue { [self] in scheduleClosed(think: think) } }
    }

    // MARK: - Requests

    private func issue(then done: @escaping () -> Void) {
        make(Request(draw(), group: self), then: done)
    }

    private func draw() -> Request.Kind {
        var rest = generator.below(weightSum)
        for (weight, kind) in pickers {
            if rest < weight { return kind }
            rest -= weight
        }
        return .read
    }

    /// Makes a request: sends it, and again where that fails, as often as the plan lets the clients try.
    private func make(_ request: Request, then done: @escaping () -> Void) {
        attempt(Operation(request, done))
    }

    private func attempt(_ operation: Operation) {
        operation.attemptCount += 1
        let delay = retries.delayBeforeSending(at: world.now)
        guard delay > .zero else { return send(operation, to: failover.target(at: world.now)) }
        world.schedule(after: delay) { [self] in send(operation, to: failover.target(at: world.now)) }
    }

    /// Sends a request to a region, and waits for its answer as long as the plan says.
    private func send(_ operation: Operation, to target: Int) {
        let region = world.regions[target]
        let earlier = operation.attemptCount - 1
        let request = earlier == 0 ? operation.request : operation.request.again(attempt: earlier)
        let call = Call(of: request, for: operation, to: target)
        limit(call)
        guard target == home || !world.network.isBlocked(from: home, to: target) else { return }
        world.schedule(after: latency(from: home, to: target)) { [self] in
            guard region.isUp else {
                // Nobody listens: the client is told at once.
                guard target == home || !world.network.isBlocked(from: target, to: home) else { return }
                return world.schedule(after: latency(from: target, to: home)) { [self] in
                    end(call, .failed, .unreachable)
                }
            }
            region.run(in: region.process) { [self] in
                request.perform(at: region) { [self] outcome in
                    guard target == home || !world.network.isBlocked(from: target, to: home) else { return }
                    world.schedule(after: latency(from: target, to: home)) { [self] in
                        if !call.isDone, outcome == .answered { request.wasAnswered(by: region, home: home) }
                        end(call, outcome, request.isOverload ? .throttled : .refused)
                    }
                }
            }
        }
    }

    /// Tells the client what became of what it sent, unless it has given up.
    ///
    /// - Parameter failure: why, where it failed.
    private func end(_ call: Call, _ outcome: FinishedRequest.Outcome, _ failure: RetryState.Failure) {
        guard let operation = call.operation.take() else { return }
        failover.note(outcome != .failed, of: call.target, at: world.now)
        world.trace.note(
            .answered, at: world.now, UInt64(home), UInt64(call.target), outcome == .failed ? 1 : 0)
        if outcome == .failed {
            if let retry = retries.delayBeforeRetry(after: operation.attemptCount, failure, at: world.now) {
                operation.retryCost = retry.cost
                return world.schedule(after: retry.delay) { [self] in attempt(operation) }
            }
        } else {
            retries.succeeded(afterRetryOf: operation.retryCost, at: world.now)
        }
        call.request.replayed?.end(outcome, at: world.now)
        let finished = FinishedRequest(
            home: home, group: number, target: call.target, outcome: outcome,
            isWrite: call.request.kind.isWrite, startedAt: call.request.askedAt, attemptCount: operation.attemptCount,
            staleness: call.request.staleness)
        for observer in world.observers { observer.finished(finished) }
        operation.done()
    }

    /// What a client wants, however often it has to try.
    private final class Operation {
        let request: Request
        var attemptCount = 0
        /// What the last retry has taken from the quota; nil where there was none.
        var retryCost: Int?
        let done: () -> Void

        init(_ request: Request, _ done: @escaping () -> Void) {
            self.request = request
            self.done = done
        }
    }

    /// A request that was sent.
    private final class Call {
        let request: Request
        let target: Int
        /// Nil when the client was answered or has given up.
        var operation: Operation?

        init(of request: Request, for operation: Operation, to target: Int) {
            self.request = request
            self.operation = operation
            self.target = target
        }

        var isDone: Bool { operation == nil }
    }

    // MARK: - Time-outs

    /// Lets a call fail when it has waited for too long.
    ///
    /// All calls of a group wait equally long, so they time out in the order in which they were made. One event at a time is enough for
    /// all of them, and none for those that are answered in time: most of what waits would otherwise be time-outs of what is long over.
    private func limit(_ call: Call) {
        calls.append((world.now + VirtualDuration(plan.timeout), call))
        if !isTimerSet { setTimer() }
    }

    private func setTimer() {
        while firstCall < calls.count, calls[firstCall].call.isDone { firstCall += 1 }
        if firstCall * 2 >= calls.count {
            calls.removeFirst(firstCall)
            firstCall = 0
        }
        isTimerSet = firstCall < calls.count
        guard isTimerSet else { return }
        world.schedule(at: calls[firstCall].deadline) { [self] in
            while firstCall < calls.count, calls[firstCall].deadline <= world.now {
                let call = calls[firstCall].call
                firstCall += 1
                end(call, .failed, .timeout)
            }
            setTimer()
        }
    }

    /// Clients are half a millisecond from their own region.
    private func latency(from: Int, to: Int) -> VirtualDuration {
        from == to ? .microseconds(500) : world.network.latency(from: from, to: to)
    }
}
