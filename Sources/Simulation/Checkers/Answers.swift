import Expressions
import ItemModel
import RegionStore
import Replication

/// Whether each answer is the one that DynamoDB gives: every command of a client is replayed in the order in which it was committed, on what
/// the region held then (`Contents`), and what became of it is predicted (`ModelEvaluation`).
///
/// Of a command that changed something the place in the log is known, and so is what it met. One that changed nothing came between its
/// neighbours: it may have met whatever its item was then.
final class Answers: WorldObserver {
    private unowned let world: World
    private let history: History
    private let holdings: Holdings
    private let contents: Contents
    private var rounds: [Round]
    /// By region.
    private var tokens: [TokenUses]

    /// What a region's writer has done in one go.
    private struct Round {
        /// Before it, and after it, the log ended there.
        var start: UInt64 = 0
        var end: UInt64 = 0
        /// Where the region has logged changes that it says clients have made.
        var changes: [UInt64] = []
        var answers: [(steps: [ClientStep], outcome: RegionOutcome)] = []
    }

    /// Between which positions of the log a command was carried out: after the first, before the second.
    private struct Bounds {
        var lower: UInt64
        var upper: UInt64
    }

    init(of world: World, history: History, holdings: Holdings, contents: Contents) {
        self.world = world
        self.history = history
        self.holdings = holdings
        self.contents = contents
        rounds = world.regions.map { _ in Round() }
        tokens = world.regions.map { _ in TokenUses() }
    }

    // MARK: - What happens

    func started(_ region: SimulatedRegion) { beginRound(of: region) }

    func ended(_ region: SimulatedRegion) { tokens[region.index].processEnded() }

    func losesDisk(_ region: SimulatedRegion) {
        rounds[region.index] = Round()
        tokens[region.index].diskLost()
    }

    func committed(_ entries: [ObservedEntry], in region: SimulatedRegion, store: SimulatedRegion.Store) {
        rounds[region.index].answers = []
        rounds[region.index].changes.removeAll(keepingCapacity: true)
        rounds[region.index].start = rounds[region.index].end
        rounds[region.index].end = history.lastPosition(of: region).rawValue
        for (resolved, entry) in zip(history.current, entries)
        where resolved.isOwn && resolved.item != nil && entry.outcome == .applied && Self.isClients(entry) {
            rounds[region.index].changes.append(entry.position.rawValue)
        }
    }

    /// The third byte of a record is who made the change: spelt out here once more, as in `History`.
    private static func isClients(_ entry: ObservedEntry) -> Bool {
        entry.record.count > 2 && entry.bytes[entry.record.lowerBound + 2] == 1
    }

    private func beginRound(of region: SimulatedRegion) {
        let end = history.lastPosition(of: region).rawValue
        rounds[region.index] = Round(start: end, end: end)
    }

    func answered(
        _ steps: [ClientStep], _ token: Transaction.Token?, _ outcome: RegionOutcome, by region: SimulatedRegion
    ) {
        let now = region.instant.physicalMilliseconds
        if let token, let result = outcome.transact, let step = steps.first,
            let text = tokens[region.index].take(result, to: token, at: now)
        {
            report(step, region, "and the others of its transaction \(text)")
        }
        rounds[region.index].answers.append((steps, outcome))
    }

    func roundAnswered(_ region: SimulatedRegion) {
        let round = rounds[region.index]
        let positions = round.answers.map { Self.positions(of: $0.outcome) }
        var lower = round.start
        for (place, answer) in round.answers.enumerated() {
            let upper = positions[(place + 1)...].lazy.compactMap(\.first).first ?? .max
            check(answer.steps, answer.outcome, within: Bounds(lower: lower, upper: upper), in: region)
            lower = max(lower, positions[place].last ?? 0)
        }
        let claimed = positions.joined().sorted()
        if claimed != round.changes {
            world.violate(
                "answers",
                "\(region.name) has answered for changes at \(claimed), and logged clients' changes at \(round.changes)"
            )
        }
        beginRound(of: region)
    }

    /// Where an answer says that its changes stand.
    private static func positions(of outcome: RegionOutcome) -> [UInt64] {
        switch outcome {
        case .write(.success(let result)): [result].compactMap(\.change?.position.rawValue)
        case .batch(let results): results.compactMap { try? $0.get().change?.position.rawValue }
        case .transact(.success(.done(let results))): results.compactMap(\.change?.position.rawValue)
        default: []
        }
    }

    /// How many steps were answered; nil where the answer is one for all of them.
    private static func count(of outcome: RegionOutcome) -> Int? {
        switch outcome {
        case .write: 1
        case .batch(let results): results.count
        case .transact(.success(.done(let results))): results.count
        case .transact(.success(.repeated(let sizes))): sizes.count
        case .transact(.failure(.cancelled(let reasons))): reasons.count
        default: nil
        }
    }

    // MARK: - Commands

    private func check(
        _ steps: [ClientStep], _ outcome: RegionOutcome, within bounds: Bounds, in region: SimulatedRegion
    ) {
        if let count = Self.count(of: outcome), count != steps.count, let step = steps.first {
            report(step, region, "is one of \(steps.count), and \(count) were answered")
        }
        switch outcome {
        case .write(let result): for step in steps { check(step, result, within: bounds, in: region) }
        case .batch(let results):
            var bounds = bounds
            let last = bounds.upper
            let positions = results.map { try? $0.get().change?.position.rawValue }
            for (place, (step, result)) in zip(steps, results).enumerated() {
                bounds.upper = positions[(place + 1)...].lazy.compactMap { $0 }.first ?? last
                check(step, result, within: bounds, in: region)
                bounds.lower = max(bounds.lower, positions[place] ?? 0)
            }
        case .transact(.success(.done(let results))):
            // All of it is judged by what was there before the first of its changes.
            var bounds = bounds
            if let first = results.lazy.compactMap(\.change?.position.rawValue).first {
                bounds = Bounds(lower: first - 1, upper: first)
            }
            for (step, result) in zip(steps, results) { check(step, .success(result), within: bounds, in: region) }
        case .transact(.failure(.cancelled(let reasons))):
            for (step, reason) in zip(steps, reasons) {
                switch reason {
                case nil:
                    expect(step, within: bounds, in: region, "is no reason to cancel a transaction") { $0.meets(step) }
                case .conditionFailed(let shown): checkRefused(step, shown, within: bounds, in: region)
                default: break
                }
            }
        default: break
        }
    }

    private func check(
        _ step: ClientStep, _ result: Result<ItemWriteResult, ItemWriteError>, within bounds: Bounds,
        in region: SimulatedRegion
    ) {
        switch result {
        case .failure(.conditionFailed(let shown)): checkRefused(step, shown, within: bounds, in: region)
        case .failure(.expression(let error)): report(step, region, "was refused with \(error)")
        case .failure: break
        case .success(let result):
            guard let change = result.change else {
                return expect(step, within: bounds, in: region, "was carried out and changed nothing") {
                    $0.meets(step) && step.outcome(on: $0) == $0
                }
            }
            // Of a transaction the bounds are closer.
            let position = min(change.position.rawValue, bounds.upper) - 1
            check(step, result, change, met: position, in: region)
        }
    }

    private func checkRefused(
        _ step: ClientStep, _ shown: StoredItem?, within bounds: Bounds, in region: SimulatedRegion
    ) {
        expect(step, within: bounds, in: region, "was refused by its condition") {
            !$0.meets(step) && Self.isSame(shown, $0)
        }
    }

    /// Reports a step where nothing that it may have met explains what became of it.
    private func expect(
        _ step: ClientStep, within bounds: Bounds, in region: SimulatedRegion, _ text: String,
        _ explains: (Item?) -> Bool
    ) {
        guard let item = number(of: step, in: region) else { return }
        let met = contents.held(item, in: region.index, from: bounds.lower, to: bounds.upper)
        let isExplained = met.contains { $0.content.item.map(explains) ?? true }
        guard !isExplained else { return }
        report(step, region, "\(text), and the region held \(met.map { "\($0.content)" }.joined(separator: "; then "))")
    }

    private func check(
        _ step: ClientStep, _ result: ItemWriteResult, _ change: LoggedChange, met position: UInt64,
        in region: SimulatedRegion
    ) {
        guard let item = number(of: step, in: region) else { return }
        let written = contents.held(item, in: region.index, at: change.position.rawValue)
        if case .unknown = written.content { return }
        guard written.position == change.position.rawValue, written.mark == Mark(change.version) else {
            return report(
                step, region, "was answered with \(change.version) at \(change.position), which is not in the log")
        }
        guard let old = contents.held(item, in: region.index, at: position).content.item else { return }
        guard old.meets(step) else {
            return report(step, region, "was carried out on \(Contents.Content.text(of: old))")
        }
        let new = step.outcome(on: old)
        let bytes = new?.encoded() ?? []
        guard written.content.isSame(as: bytes, bytes.indices) else {
            return report(
                step, region, "made \(written.content) of \(Contents.Content.text(of: old))")
        }
        for text in step.differences(in: result, old, new) { report(step, region, text) }
        checkIndexEffects(step, result, old, new, region)
    }

    private func checkIndexEffects(
        _ step: ClientStep, _ result: ItemWriteResult, _ old: Item?, _ new: Item?, _ region: SimulatedRegion
    ) {
        // With indexes that come and go it depends on the moment.
        guard let table = region.store?.reader.catalog.table(step.table.uuid), table.indexes == step.table.indexes,
            table.indexes.allSatisfy({ $0.status == .active })
        else { return }
        let expected = table.indexes.compactMap { $0.effect(of: old, new, in: table) }
        let found = result.indexEffects.map { IndexEffect(index: $0.index, entrySizes: $0.entrySizes) }
        guard found != expected else { return }
        report(step, region, "is said to have written \(found) into indexes, and that is \(expected)")
    }

    // MARK: - Reads

    func read(_ key: Item, in table: Table, found: StoredItem?, by region: SimulatedRegion, for request: Request) {
        guard let item = number(of: key, in: table, region) else { return }
        let content = contents.held(item, in: region.index).content
        let bytes = found?.value ?? []
        guard !content.isSame(as: bytes, min(StoredItem.itemOffset, bytes.count)..<bytes.count) else { return }
        world.violate(
            "answers",
            "\(history.items.text(of: item)) was read in \(region.name) as "
                + "\(Contents.Content.text(of: try? found?.decoded())), and the region held \(content)")
    }

    // MARK: - Words

    private func number(of step: ClientStep, in region: SimulatedRegion) -> Int? {
        number(of: step.key, in: step.table, region)
    }

    /// Nil where the region's replica of the table is another one by now.
    private func number(of key: Item, in table: Table, _ region: SimulatedRegion) -> Int? {
        let number = history.items.number(of: table)
        guard holdings.replica(number, in: region.index).id == table.id else { return nil }
        return history.items.number(of: key, inTable: number)
    }

    private static func isSame(_ shown: StoredItem?, _ item: Item?) -> Bool {
        guard let shown else { return item == nil }
        return (try? shown.decoded()) == item
    }

    private func report(_ step: ClientStep, _ region: SimulatedRegion, _ text: String) {
        guard let item = number(of: step, in: region) else { return }
        let condition = step.condition.map { " if \($0)" } ?? ""
        world.violate(
            "answers",
            "\(step.action.name)\(condition) of \(history.items.text(of: item)) in \(region.name) \(text)")
    }
}

extension Item? {
    /// Whether the item meets a step's condition.
    fileprivate func meets(_ step: ClientStep) -> Bool { step.condition?.holds(for: self) ?? true }
}

extension ClientStep {
    /// How what a write returned differs from what it was asked for.
    fileprivate func differences(in result: ItemWriteResult, _ old: Item?, _ new: Item?) -> [String] {
        var texts: [String] = []
        if (try? result.old?.decoded()) != old {
            texts.append("returned another old item than \(Contents.Content.text(of: old))")
        }
        if result.new != new { texts.append("returned another new item than \(Contents.Content.text(of: new))") }
        let sizes = (old?.sizeInBytes ?? 0, new?.sizeInBytes ?? 0)
        if (result.oldSize, result.newSize) != sizes {
            texts.append(
                "is said to have replaced \(result.oldSize) bytes by \(result.newSize), not \(sizes.0) by \(sizes.1)")
        }
        if let updated = result.updated,
            updated.updatedNew() != touched(of: new) || updated.updatedOld(from: old ?? Item()) != touched(of: old)
        {
            texts.append("returned other updated attributes than it has changed")
        }
        return texts
    }

    /// What an item has of the attributes that the step changes.
    private func touched(of item: Item?) -> Item {
        var result = Item()
        for name in touchedNames { result[name] = item?[name] }
        return result
    }
}

extension ClientStep.Action {
    fileprivate var name: String {
        switch self {
        case .put: "a put"
        case .update(let changes): "an update (\(changes.text))"
        case .delete: "a deletion"
        case .check: "a check"
        }
    }
}

/// The entries that a write wrote into one index or removed from it, by their sizes in bytes.
private struct IndexEffect: Equatable, CustomStringConvertible {
    let index: Text
    let entrySizes: [Int]

    var description: String { "\(index) \(entrySizes)" }
}

extension SecondaryIndex {
    /// What a change of an item does to the index; nil for nothing.
    fileprivate func effect(of old: Item?, _ new: Item?, in table: Table) -> IndexEffect? {
        let (before, after) = (entry(of: old, in: table), entry(of: new, in: table))
        guard before != after else { return nil }
        let sizes = [before, after].compactMap { $0?.sizeInBytes }
        let staysInPlace =
            before != nil && after != nil
            && definition.keySchema.attributes.allSatisfy { before?[$0.name] == after?[$0.name] }
        return IndexEffect(index: name, entrySizes: staysInPlace ? [sizes.max() ?? 0] : sizes)
    }

    /// The entry that an item has in the index; nil for none.
    func entry(of item: Item?, in table: Table) -> Item? {
        guard let item else { return nil }
        for attribute in definition.keySchema.attributes {
            guard let value = item[attribute.name], value.kind == attribute.kind else { return nil }
        }
        var names = (table.keySchema.attributes + definition.keySchema.attributes).map(\.name)
        switch definition.projection {
        case .all: return item
        case .keysOnly: break
        case .include(let others): names += others
        }
        var entry = Item()
        for name in names { entry[name] = item[name] }
        return entry
    }
}
