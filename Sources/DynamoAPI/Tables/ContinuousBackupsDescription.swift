import AWSProtocol
import RegionStore

/// What a table's continuous backups are shown as.
///
/// Source: AWS API reference, `ContinuousBackupsDescription`.
struct ContinuousBackupsDescription {
    let recovery: PointInTimeRecovery?
    let nowMilliseconds: UInt64

    /// The service can restore up to five minutes ago.
    private static let delayMilliseconds: UInt64 = 5 * 60_000
    private static let dayMilliseconds: UInt64 = 86_400_000

    var response: APIResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("ContinuousBackupsDescription")
        writer.beginObject()
        writer.member("ContinuousBackupsStatus", "ENABLED")
        writer.name("PointInTimeRecoveryDescription")
        writer.beginObject()
        if let recovery, recovery.isEnabled {
            writer.member("PointInTimeRecoveryStatus", "ENABLED")
            writer.member("RecoveryPeriodInDays", recovery.days)
            let period = UInt64(recovery.days) * Self.dayMilliseconds
            let earliest = max(recovery.sinceMilliseconds, nowMilliseconds - min(period, nowMilliseconds))
            writer.name("EarliestRestorableDateTime")
            writer.timestamp(milliseconds: earliest)
            writer.name("LatestRestorableDateTime")
            writer.timestamp(
                milliseconds: max(earliest, nowMilliseconds - min(Self.delayMilliseconds, nowMilliseconds)))
        } else {
            writer.member("PointInTimeRecoveryStatus", "DISABLED")
        }
        writer.endObject()
        writer.endObject()
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }
}
