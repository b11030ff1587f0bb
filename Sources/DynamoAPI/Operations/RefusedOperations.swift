/// The operations that DynamoDB has and that are refused here, all in the same way: `UnknownOperationException` with a message that
/// names the operation.
///
/// Clients are told at once and clearly; an answer that only looks right would hide that nothing was done.
enum RefusedOperations {
    /// One of them, and why it is not there.
    struct Entry: Sendable {
        let service: DynamoService
        let name: StaticString
        let reason: String

        init(_ name: StaticString, _ reason: String, service: DynamoService = .dynamoDB) {
            self.service = service
            self.name = name
            self.reason = reason
        }
    }

    private static let backups = "backups are files of the command line"
    private static let objectStorage = "there is no object storage to read from or write to"
    private static let kinesis = "there are no Kinesis streams; the table's own stream has the changes"

    static let entries: [Entry] = [
        Entry("CancelBulkOperation", objectStorage),
        Entry("CreateBackup", backups),
        Entry("DeleteBackup", backups),
        Entry("DescribeBackup", backups),
        Entry("DescribeBulkOperation", objectStorage),
        Entry("DescribeExport", objectStorage),
        Entry("DescribeImport", objectStorage),
        Entry("DescribeKinesisStreamingDestination", kinesis),
        Entry("DisableKinesisStreamingDestination", kinesis),
        Entry("EnableKinesisStreamingDestination", kinesis),
        Entry("ExportTableToPointInTime", objectStorage),
        Entry("ImportTable", objectStorage),
        Entry("ListBackups", backups),
        Entry("ListBulkOperations", objectStorage),
        Entry("ListExports", objectStorage),
        Entry("ListImports", objectStorage),
        Entry("RestoreTableFromBackup", backups),
        Entry("RestoreTableToPointInTime", backups),
        Entry("SearchVectors", "there are no vector indexes"),
        Entry("StartBulkPutItems", objectStorage),
        Entry("UpdateKinesisStreamingDestination", kinesis),
    ]
}
