import HybridClock
import ItemModel
import RegionStore

/// What a sender has under way on one connection: jobs that take turns at reading, and messages that wait for their acknowledgement.
struct SenderStream {
    var lastReceived: UInt64 = 0
    var acknowledgedVector = AppliedVector()
    var isReading = false
    private(set) var lastSequence: UInt64 = 0
    private(set) var ownPosition = LogPosition.zero
    private var settledSequence: UInt64 = 0
    private var inFlight: [InFlight] = []
    private var inFlightByteCount = 0
    /// The job whose read is outstanding stands last, so what comes meanwhile is put before it: they take turns.
    private var jobs: [Job] = []

    /// One thing to ship, a part at a time.
    enum Job {
        case own(Origin, readPosition: LogPosition)
        case forwarded(Origin, readPosition: LogPosition, originPosition: LogPosition, isComplete: Bool)
        case catchUp(TableUUID, after: LogPosition, readPosition: LogPosition, end: LogPosition?)
        case fill(TableUUID, next: [UInt8]?)
        case locate(Origin, after: LogPosition)
    }

    /// A message that was sent and not acknowledged yet.
    private struct InFlight {
        let sequence: UInt64
        let byteCount: Int
        let lag: Batch?
    }

    /// What the lag of a batch is measured by.
    struct Batch {
        let stampMilliseconds: UInt64
        let changeCount: Int
    }

    /// Up to where the own log was read; nil before the first position is known.
    var ownReadPosition: LogPosition? {
        for case .own(_, let position) in jobs { return position }
        return nil
    }

    mutating func begin(_ job: Job) {
        jobs.append(job)
        if case .own(_, let position) = job { ownPosition = position }
    }

    /// Numbers a message that is about to be sent.
    mutating func take(byteCount: Int, lag: Batch? = nil) -> UInt64 {
        lastSequence += 1
        inFlight.append(InFlight(sequence: lastSequence, byteCount: byteCount, lag: lag))
        inFlightByteCount += byteCount
        return lastSequence
    }

    /// Takes an acknowledgement.
    ///
    /// - Returns: what it settles; nil when it names a sequence that was never sent, or goes back.
    mutating func settle(upTo sequence: UInt64) -> [Batch]? {
        guard sequence <= lastSequence, sequence >= settledSequence else { return nil }
        settledSequence = sequence
        let count = inFlight.firstIndex { $0.sequence > sequence } ?? inFlight.count
        let settled = inFlight[..<count]
        inFlightByteCount -= settled.reduce(0) { $0 + $1.byteCount }
        let batches = settled.compactMap(\.lag)
        inFlight.removeFirst(count)
        return batches
    }

    /// Whether a read was outstanding; it no longer is.
    mutating func finishRead() -> Bool {
        defer { isReading = false }
        return isReading
    }

    /// Takes what the receiver asks for.
    ///
    /// - Returns: the answer, where it can be given at once.
    mutating func accept(_ request: LinkMessage.Request, log: SenderLink.LogBounds, own: Origin) -> LinkMessage? {
        switch request {
        case .fill(let table):
            jobs.removeAll { if case .fill(table, _) = $0 { true } else { false } }
            jobs.insert(.fill(table, next: nil), at: 0)
        case .catchUp(let table, let after):
            guard after.successor >= log.start else { return .unavailable(request, .trimmed) }
            jobs.insert(.catchUp(table, after: after, readPosition: after, end: nil), at: 0)
        case .forward(let origin, let after):
            guard origin != own else { return nil }
            stopForwarding(origin)
            jobs.insert(.locate(origin, after: after), at: 0)
        case .stopForwarding(let origin): stopForwarding(origin)
        }
        return nil
    }

    private mutating func stopForwarding(_ origin: Origin) {
        jobs.removeAll { job in
            switch job {
            case .forwarded(origin, _, _, _), .locate(origin, _): true
            default: false
            }
        }
    }

    /// The next read that is due, of the job whose turn it is; nil when none is, or when too much is in flight.
    mutating func nextRead(
        log: SenderLink.LogBounds, own: Origin, configuration: LinkConfiguration
    ) -> SenderLink.Read? {
        guard !isReading, inFlightByteCount < configuration.inFlightByteLimit else { return nil }
        for index in jobs.indices {
            guard let read = read(for: jobs[index], log: log, own: own, configuration: configuration) else { continue }
            jobs.append(jobs.remove(at: index))
            isReading = true
            return read
        }
        return nil
    }

    private func read(
        for job: Job, log: SenderLink.LogBounds, own: Origin, configuration: LinkConfiguration
    ) -> SenderLink.Read? {
        func changes(_ origin: Origin, _ after: LogPosition, _ end: LogPosition, _ table: TableUUID?) -> SenderLink.Read
        {
            .changes(
                SenderLink.ChangesRead(
                    origin: origin, after: after, upTo: end, table: table, byteLimit: configuration.batchByteCount))
        }
        switch job {
        case .own(let origin, let position), .forwarded(let origin, let position, _, _):
            return position < log.end ? changes(origin, position, log.end, nil) : nil
        case .catchUp(let table, _, let position, let end):
            // What the own job has read so far may lack the table; what it reads from now on does not.
            return changes(own, position, end ?? ownReadPosition ?? log.end, table)
        case .fill(let table, let next): return .table(table, from: next, byteLimit: configuration.batchByteCount)
        case .locate(let origin, let after): return .locate(origin, after: after)
        }
    }

    /// Turns a part of the log into messages, and moves the job on whose read it was.
    mutating func shipped(_ page: LogPage?, own: Origin) -> [SenderLink.Action] {
        guard let job = jobs.popLast() else { return [] }
        switch job {
        case .own(let origin, _):
            guard let page else { return [] }
            jobs.append(.own(origin, readPosition: page.readPosition))
            ownPosition = page.readPosition
            guard !page.records.isEmpty else { return [] }
            return [changes(origin, page, position: page.readPosition, isComplete: true)]
        case .forwarded(let origin, _, let originPosition, let isComplete):
            guard let page else { return [] }
            let reached = max(originPosition, page.originPosition)
            jobs.append(
                .forwarded(
                    origin, readPosition: page.readPosition, originPosition: reached, isComplete: isComplete))
            guard reached > originPosition else { return [] }
            return [changes(origin, page, position: reached, isComplete: isComplete)]
        case .catchUp(let table, let after, _, let end):
            guard let page else { return [.send(.unavailable(.catchUp(table, after: after), .unknownTable))] }
            let end = end ?? max(page.readPosition, ownReadPosition ?? page.readPosition)
            var actions: [SenderLink.Action] = []
            if !page.records.isEmpty {
                actions.append(changes(own, page, position: page.readPosition, isComplete: false))
            }
            if page.readPosition < end {
                jobs.append(.catchUp(table, after: after, readPosition: page.readPosition, end: end))
            } else {
                actions.append(.send(.catchUpEnd(sequence: take(byteCount: 0), table)))
            }
            return actions
        case .fill, .locate: return []
        }
    }

    private mutating func changes(
        _ origin: Origin, _ page: LogPage, position: LogPosition, isComplete: Bool
    ) -> SenderLink.Action {
        let batch = ReceivedBatch(origin: origin, records: page.records, position: position, isComplete: isComplete)
        let byteCount = page.records.reduce(0) { $0 + $1.count }
        let first = page.records.first.flatMap { try? ChangeRecord.header(of: $0) }
        let lag = first.map {
            Batch(stampMilliseconds: $0.version.stamp.milliseconds, changeCount: page.records.count)
        }
        // A catch-up ships what is old: it says nothing about the link's lag.
        return .send(.changes(sequence: take(byteCount: byteCount, lag: isComplete ? lag : nil), .init(batch: batch)))
    }

    /// Turns a part of a table into messages, and moves its fill on.
    mutating func shipped(_ table: TableUUID, _ result: SenderLink.TableReadResult) -> [SenderLink.Action] {
        guard case .fill(table, _) = jobs.last else { return [] }
        jobs.removeLast()
        switch result {
        case .unavailable(let reason): return [.send(.unavailable(.fill(table), reason))]
        case .page(let page, let vector):
            var actions: [SenderLink.Action] = []
            if !page.items.isEmpty {
                let byteCount = page.items.reduce(0) { $0 + $1.payload.count + Version.byteCount }
                actions.append(.send(.fillPage(sequence: take(byteCount: byteCount), table, page.items)))
            }
            if let next = page.next {
                jobs.append(.fill(table, next: next))
            } else {
                actions.append(.send(.fillEnd(sequence: take(byteCount: 0), table, vector)))
            }
            return actions
        }
    }

    /// Drops the job of a read that said where an origin's changes stand.
    mutating func finishLocate(_ origin: Origin) {
        jobs.removeAll { if case .locate(origin, _) = $0 { true } else { false } }
    }
}

extension LinkMessage.CatalogImage {
    var byteCount: Int { entries.reduce(0) { $0 + $1.count } }
}

extension LinkMessage {
    /// For texts of errors.
    var kindName: String {
        switch self {
        case .hello: "hello"
        case .welcome: "welcome"
        case .refuse: "refuse"
        case .catalog: "catalog"
        case .changes: "changes"
        case .heartbeat: "heartbeat"
        case .acknowledge: "acknowledge"
        case .request: "request"
        case .fillPage: "fill page"
        case .fillEnd: "fill end"
        case .catchUpEnd: "end of catch-up"
        case .unavailable: "unavailable"
        }
    }
}
