import KeyValueStore
import RegionStore

@testable import Simulation

/// Mistakes of time to live.
extension Defect {
    private static func callDeletionsExpiries(_ surgery: inout BatchSurgery) {
        for index in surgery.changes.indices
        where surgery.isOwn(surgery.changes[index]) && surgery.changes[index].isDelete {
            surgery.changes[index].record[2] = ChangeRecord.Cause.timeToLive.rawValue
        }
    }

    static let expiry: [Defect] = [
        .batch(
            "an item is deleted by time to live before its time", in: .expiry, noticedBy: ["time to live"],
            callDeletionsExpiries),
        .batch(
            "an item is deleted by time to live where there is none", in: .steady, noticedBy: ["time to live"],
            callDeletionsExpiries),
        .batch("items are missing from the index of when they expire", in: .expiry, noticedBy: ["time to live"]) {
            surgery in
            surgery.rest.removeAll { operation in
                if case .put(Layout.expiry, let key, _) = operation {
                    key.count > 12 && key[12] % 3 == 0
                } else {
                    false
                }
            }
        },
    ]
}
