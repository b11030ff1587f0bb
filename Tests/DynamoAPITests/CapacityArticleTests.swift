import Testing

@testable import DynamoAPI

/// The article of capacity and access says what the code does: each sentence has a test, here, in `AccessArticleTests` or elsewhere.
@Suite struct CapacityArticleTests {
    private static let own = "DynamoAPITests/CapacityArticleTests.swift"
    private static let ownAccess = "DynamoAPITests/AccessArticleTests.swift"
    private static let throughput = "DynamoAPITests/ThroughputTests.swift"
    private static let authorization = "DynamoAPITests/AuthorizationTests.swift"
    private static let verifier = "AWSProtocolTests/SignatureVerifierTests.swift"
    private static let keys = "Process/test_access_keys.py"
    private static let regions = "Compatibility/test_throttling.py"

    private static let capacity: [(String, Article.Evidence)] = [
        (
            """
            What a request costs, when a table's capacity holds clients back, and what the holder of an access key may do.
            """, .nothingToTry
        ),
        (
            """
            The units are DynamoDB's: a read takes one for each 4 KB, half of that where an eventually consistent one will do, a \
            write one for each 1 KB of the larger of the item before and after it, and in transactions twice as much of the \
            table, though not of its indexes.
            """,
            .test(own, "reads take a unit for each 4 KB, and writes one for each KB of the larger item")
                + .test(
                    "DynamoAPITests/TransactionTests.swift",
                    "a transaction answers with its doubled capacity and its collections, and is read back as a whole")
        ),
        (
            """
            Each entry that a write changes in a secondary index is taken from that index, or from the table where the index is a \
            local one.
            """,
            .test(
                throughput, "an index that has no capacity left refuses the writes that change it, and only those",
                "a local index takes of its table")
        ),
        (
            "A condition that fails costs what writing the item as it stands would.",
            .test(throughput, "a condition that fails takes capacity like the write")
        ),
        (
            "`ReturnConsumedCapacity` tells the same numbers that are taken.",
            .test(own, "what is told to be consumed is what is taken")
        ),
        (
            """
            A provisioned table has two *token buckets* for itself and two for each global index, for reads and for writes.
            """,
            .test(
                throughput,
                "writes are refused when five minutes of capacity are used up, and taken again a moment later",
                "an index that has no capacity left refuses the writes that change it, and only those")
        ),
        (
            "A bucket fills at the provisioned rate and holds what five minutes bring.",
            .test(throughput, "a new bucket holds five minutes of its rate, and no more comes")
        ),
        (
            """
            A request is let in while there is anything in the bucket, and takes what it needs when that is known, so that a bucket \
            may be in debt; who comes then is told `ProvisionedThroughputExceededException`, with the table or the index and the \
            reason in `ThrottlingReasons`.
            """,
            .test(
                throughput, "a debt is paid before anything can be taken",
                "writes are refused when five minutes of capacity are used up, and taken again a moment later")
        ),
        (
            "So the mean over some minutes is what was provisioned, however large single requests are.",
            .test(own, "the mean is the rate, however much is taken at once")
        ),
        (
            """
            An on-demand table has buckets where it has maxima, and the exception is `ThrottlingException`.
            """,
            .test(throughput, "an on-demand table's maxima throttle too, by another exception")
                + .test(own, "neither a table without a maximum nor a partition is held back")
        ),
        (
            """
            What a write needs is known before anything is changed, and asked of all buckets at once: a write that an index has \
            nothing left for is refused whole, and one that does not touch the index goes through.
            """,
            .test(throughput, "an index that has no capacity left refuses the writes that change it, and only those")
        ),
        (
            """
            A batch is answered as far as there is capacity, with the rest in `UnprocessedKeys` or `UnprocessedItems`; it is refused \
            where nothing of it could be done.
            """,
            .test(throughput, "a batch is answered as far as there is capacity, and refused where there is none at all")
        ),
        (
            """
            A transaction takes what all its actions need at once, and nothing where one of them finds no capacity: it is cancelled \
            then, with the reasons of its actions.
            """,
            .test(
                throughput, "a transaction is cancelled, and says of which action",
                "a transaction that finds one table used up takes nothing of another")
        ),
        (
            "One that a condition cancels costs what it would have.",
            .test(throughput, "a check in a transaction costs like a write, whether it fails or not")
        ),
        (
            "Each region counts by itself, and only what its own clients ask for.",
            .test(regions, "test_each_region_counts_what_its_own_clients_ask_for")
        ),
        (
            "Changes from other regions take nothing, unlike in the service: they must never wait.",
            .test(regions, "test_each_region_counts_what_its_own_clients_ask_for")
        ),
        (
            "So a table's regions together can write as often as each of them may.",
            .test(regions, "test_each_region_counts_what_its_own_clients_ask_for")
        ),
        ("The buckets are in memory.", .test(own, "after a start all buckets are full")),
        (
            "A new table's are full, and after a start of the region all are.",
            .test(own, "after a start all buckets are full")
        ),
        (
            "Limits of single partitions and of accounts are not enforced.",
            .test(own, "neither a table without a maximum nor a partition is held back")
        ),
        (
            """
            `throttling: false` in a region's part of the topology file, and `--no-throttling` at the command line, let clients take \
            whatever the machine gives.
            """,
            .test(throughput, "nothing is throttled where the region says so")
                + .test("Process/test_commands.py", "test_capacity_is_bounded_unless_serve_is_told_otherwise")
        ),
    ]

    private static let access: [(String, Article.Evidence)] = [
        (
            "Who signs with an access key of the topology file may do everything, unless the key has `allow`, `tables` or both:",
            .test(keys, "test_the_holder_of_a_key_does_what_the_key_allows")
        ),
        (
            "`allow` has names of actions, `tables` names of tables; `*` stands for any characters and `?` for one.",
            .test(authorization, "patterns match whole names", "a caller does what it is allowed, and nothing else")
        ),
        (
            """
            Every operation in the code says which actions it takes on what, in the service's terms: a transaction that puts and \
            checks takes `PutItem` and `ConditionCheckItem`, a PartiQL statement `PartiQLSelect`, `PartiQLInsert`, `PartiQLUpdate` \
            or `PartiQLDelete`, a replica that comes or goes `CreateTableReplica` or `DeleteTableReplica`, reading a table's stream \
            the right to the table.
            """,
            .test(ownAccess, "a request takes each of its actions", "reading a stream takes the right to its table")
        ),
        (
            "A request takes all of its actions, also a batch of statements.",
            .test(ownAccess, "a request takes each of its actions")
        ),
        (
            "Operations that name no table, such as ListTables, take the right to all of them.",
            .test(authorization, "a caller of one table is kept from the others")
        ),
        (
            """
            Anything else is answered with `AccessDeniedException`, which names the caller, the action and the resource.
            """, .test(authorization, "a caller does what it is allowed, and nothing else")
        ),
        (
            "A region does not start with a key that allows an action that there is not.",
            .test(keys, "test_a_key_that_allows_what_there_is_not_is_refused")
        ),
        (
            """
            A signature is for a region, a service and a key: the region has to be the endpoint's and the service `dynamodb`, the \
            key must be in the topology file, and there must be no session token, as there are no temporary credentials.
            """,
            .test(
                verifier, "everything that is wrong with the scope is named",
                "an unknown key or a session token is refused")
        ),
        (
            """
            With `signature-region: any` in a region's part of the topology file, its clients may sign for any region: that is for \
            tools that sign for `localhost`, or whose region cannot be set.
            """, .test(keys, "test_a_region_that_is_told_so_accepts_signatures_for_any_region")
        ),
        (
            "The name is then part of the signature as any other would be, and decides nothing.",
            .test(
                "AWSProtocolTests/SignatureRegionTests.swift",
                "the signing key is derived with the region that the client has named",
                "everything else is checked as before")
        ),
        (
            """
            Which of this a refused request breaks is told in the region's log, in a line for each kind of cause every ten seconds \
            at most, which has neither signatures nor tokens in it.
            """,
            .test(
                "RegionServerTests/HTTP/EndpointRequestTests.swift",
                "a refused signature is logged once in a while, without what is secret in it")
                + .test(
                    "RegionServerTests/Signatures/SignatureRefusalTests.swift", "neither signature nor token is told")
        ),
        (
            """
            The order of checks is: the operation's name, the request's JSON and the types in it, the signature, the request's \
            values, the caller's rights, the table.
            """,
            .test(ownAccess, "what is wrong is found in the article's order")
                + .test(
                    "RegionServerTests/HTTP/EndpointRequestTests.swift",
                    "a fault that DynamoDB finds before it looks at the signature is the one reported")
        ),
        (
            "Policies that are put on tables are kept and returned, and decide nothing yet.",
            .test(ownAccess, "a policy that denies everything decides nothing")
                + .test("Compatibility/test_policies.py", "test_a_policy_is_put_and_returned_as_it_was")
        ),
    ]

    @Test func `every sentence of the article has a test`() throws {
        try Article("CapacityAndAccess").expect(Self.capacity + Self.access)
    }

    @Test func `reads take a unit for each 4 KB, and writes one for each KB of the larger item`() throws {
        for (byteCount, units) in [(0, 1.0), (1, 1), (4096, 1), (4097, 2), (400 << 10, 100)] {
            #expect(ConsumedCapacity.readUnits(byteCount, isConsistent: true) == units)
            #expect(ConsumedCapacity.readUnits(byteCount, isConsistent: false) == units / 2)
        }
        for (byteCount, units) in [(0, 1.0), (1024, 1), (1025, 2), (400 << 10, 400)] {
            #expect(ConsumedCapacity.writeUnits(byteCount) == units)
        }
        let endpoint = try TestEndpoint()
        endpoint.createTable("orders")
        let bytes = String(repeating: "A", count: 3400)
        for (more, units) in [("", 1.0), (#","b":{"B":"\#(bytes)"}"#, 3), ("", 3), ("", 1)] {
            let put = #"{"TableName":"orders","Item":{"pk":{"S":"a"}\#(more)},"ReturnConsumedCapacity":"TOTAL"}"#
            #expect(endpoint.consumed("PutItem", put) == units)
        }
    }

    @Test func `what is told to be consumed is what is taken`() throws {
        let endpoint = try TestEndpoint()
        endpoint.createProvisionedTable("orders", read: 1, write: 1)
        try endpoint.region.pass(milliseconds: 1)
        var put = endpoint.largePut(into: "orders")
        put.insert(contentsOf: #""ReturnConsumedCapacity":"TOTAL","#, at: put.index(after: put.startIndex))
        let consumed = try #require(endpoint.consumed("PutItem", put))
        // A unit comes each second, and 300 were there.
        let debtMilliseconds = UInt64((consumed - TokenBucket.burstSeconds) * 1000)
        let delete = #"{"TableName":"orders","Key":{"pk":{"S":"b"}}}"#
        try endpoint.region.pass(milliseconds: debtMilliseconds - 500)
        #expect(endpoint("DeleteItem", delete).contains("ProvisionedThroughputExceededException"))
        try endpoint.region.pass(milliseconds: 1000)
        #expect(endpoint("DeleteItem", delete) == "{}")
    }

    @Test(arguments: [1.0, 7, 400, 5000])
    func `the mean is the rate, however much is taken at once`(units: Double) {
        let (rate, seconds) = (10, 24 * 3600)
        var bucket = TokenBucket(unitsPerSecond: rate, at: 0)
        var taken = 0.0
        for tenth in 1...seconds * 10 {
            bucket.fill(unitsPerSecond: rate, at: UInt64(tenth) * 100)
            guard !bucket.isEmpty else { continue }
            bucket.take(units)
            taken += units
        }
        // Beside what came: the five minutes' worth that was there at first, and the debt of the last request.
        let provisioned = Double(rate * seconds)
        #expect(provisioned - units...provisioned + 300 * Double(rate) + units ~= taken)
    }

    @Test func `neither a table without a maximum nor a partition is held back`() throws {
        let endpoint = try TestEndpoint()
        endpoint.createTable("orders")
        // Of one partition the service takes 1,000 units a second.
        for _ in 0..<5 { #expect(endpoint("PutItem", endpoint.largePut(into: "orders")) == "{}") }
    }

    @Test func `after a start all buckets are full`() throws {
        let endpoint = try TestEndpoint()
        endpoint.createProvisionedTable("orders", read: 1, write: 1)
        let delete = #"{"TableName":"orders","Key":{"pk":{"S":"b"}}}"#
        endpoint("PutItem", endpoint.largePut(into: "orders"))
        #expect(endpoint("DeleteItem", delete).contains("ProvisionedThroughputExceededException"))
        let restarted = TestEndpoint(restarting: endpoint)
        #expect(restarted("DeleteItem", delete) == "{}")
        #expect(restarted("PutItem", endpoint.largePut(into: "orders")) == "{}")
    }
}

extension TestEndpoint {
    /// The region of `other`, with all forgotten that its process held in memory.
    fileprivate init(restarting other: TestEndpoint) {
        region = other.region
        dispatcher = Dispatcher(gateway: region)
        region.setAdmission(dispatcher.writeAdmission)
    }

    /// Sends a request, and returns the capacity that its answer tells.
    fileprivate func consumed(_ operation: String, _ body: String) -> Double? {
        guard case .number(let digits) = tree(operation, body)["ConsumedCapacity"]["CapacityUnits"] else { return nil }
        return Double(digits)
    }
}
