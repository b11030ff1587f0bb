import ItemModel
import KeyValueStore
import RegionStore
import Replication
import Testing

@testable import RegionServer

@Suite("What a link reads")
struct LinkReadsTests {
    private func put(_ id: String, into table: Table, of region: TestWriter) async {
        _ = await region.perform(.write(ItemWrite(table: table, action: .put(["id": .string(Text(id))]))))
    }

    @Test("is the whole catalog, as of the log's end")
    func catalog() async throws {
        let region = try TestWriter()
        _ = try await region.makeTable("orders")
        let reads = LinkReads(reader: region.reader, peer: "eu-west-1")
        guard case .catalog(let entries, _, let position) = try reads.perform(.catalog) else {
            Issue.record("no catalog")
            return
        }
        #expect(entries.count == 1)
        #expect(position == region.reader.lastPosition)
        region.writer.stop()
    }

    @Test("is nothing of a table that the peer has no replica of")
    func notReplicated() async throws {
        let region = try TestWriter()
        let table = try await region.makeTable("orders")
        await put("a", into: table, of: region)
        let reads = LinkReads(reader: region.reader, peer: "eu-west-1")
        #expect(try reads.perform(.table(table.uuid, from: nil, byteLimit: 100)) == .unavailable(.unknownTable))
        region.writer.stop()
    }

    @Test("is a table page by page from one snapshot, whatever is written meanwhile")
    func snapshot() async throws {
        let region = try TestWriter()
        let table = try await region.makeTable("orders")
        for number in 0..<20 { await put("item-\(number)", into: table, of: region) }
        _ = await region.perform(
            .changeCatalog(.updateTable("orders", [.createReplica(region: "eu-west-1", ReplicaOverrides())])))
        let before = region.reader.lastPosition
        let reads = LinkReads(reader: region.reader, peer: "eu-west-1")
        var (key, ids, pages): ([UInt8]?, [SnapshotItem], Int) = (nil, [], 0)
        repeat {
            guard
                case .table(let page, let vector) = try reads.perform(.table(table.uuid, from: key, byteLimit: 100))
            else {
                Issue.record("no page")
                return
            }
            #expect(vector[region.reader.origin] == before)
            ids += page.items
            key = page.next
            pages += 1
            await put("late-\(pages)", into: table, of: region)
        } while key != nil
        #expect(pages > 1)
        #expect(ids.count == 20)
        region.writer.stop()
    }
}

@Suite("Lag")
struct LagHistogramTests {
    @Test("has no percentiles before anything was shipped")
    func empty() {
        #expect(LagHistogram().percentile(0.99) == nil)
    }

    @Test("counts every change of a batch")
    func percentiles() throws {
        var histogram = LagHistogram()
        histogram.record(10, count: 98)
        histogram.record(500, count: 2)
        #expect(histogram.count == 100)
        #expect(histogram.percentile(0.5) == 10)
        let high = try #require(histogram.percentile(0.99))
        #expect((495...505).contains(high))
        #expect(histogram.maximum == 500)
    }

    @Test("takes what is longer than an hour for an hour")
    func clamped() {
        var histogram = LagHistogram()
        histogram.record(.max, count: 1)
        #expect(histogram.percentile(1) != nil)
        #expect(histogram.maximum == .max)
    }
}
