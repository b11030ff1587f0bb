extension HTMLReport {
    /// What the page's terms mean, exactly.
    private static let terms: [(name: String, meaning: String)] = [
        (
            "Recovery point",
            "the age of the oldest acknowledged write that was lost, when its region was lost with its disk. What a region had not "
                + "shipped by then is on no other disk."
        ),
        (
            "Recovery time",
            "from the end of what struck a region until its clients are served and it is in step, whichever comes later. Faults that overlap, "
                + "or come before the region has recovered, count as one."
        ),
        (
            "Served",
            "every group of the region's clients has had an answer, from whatever region, to a request that was sent after the end. It is "
                + "zero where no request failed before that."
        ),
        (
            "In step",
            "the region runs, and it and each other region that runs and is not struck have of each other, on disk, what they had committed "
                + "when the fault ended."
        ),
        (
            "Agreement",
            "from the last request and fault until all regions hold the same tables, items and index entries, byte for byte."
        ),
        (
            "Conflicts",
            "times that a change met another one of the same item that its region had not known of. The later one wins everywhere."
        ),
        ("Unavailability", "the share of requests that had no answer in time, or an error that is the region's fault."),
        (
            "Failed over",
            "requests that another region answered, as the scenario lets clients go there when their own region fails."
        ),
        (
            "Longest outage",
            "the longest time in which requests of one group of clients failed and none was answered."
        ),
        (
            "Staleness",
            "the age of a change when it became durable in the other region: how old a read there may be."
        ),
        (
            "Lag",
            "staleness over time: the age of the oldest change that came in an interval, or was still to come at its end."
        ),
        ("Backlog", "changes that are committed in one region and not yet durable in the other, at an interval's end."),
        (
            "Convergence",
            "keys whose items differ between the regions that run, at an interval's end. Replicas that are being filled are left out."
        ),
        (
            "Lost writes",
            "acknowledged writes that a region took with it when its disk was lost: they are nowhere any more. Their age is the time from "
                + "their commit to the loss."
        ),
        (
            "Stale reads",
            "reads of an item that found an older version than a write that some client had been told of before the read was sent. Their "
                + "age is the time since that answer. Pages of Query and Scan are not counted."
        ),
        (
            "Overwritten writes",
            "acknowledged writes that lost to a newer write of the same item, made in another region that had not known of them."
        ),
        (
            "Unavailable seconds",
            "whole seconds in which requests of a group of clients failed and none was answered; a request counts when it ends."
        ),
        ("Shipped", "the bytes of all messages between regions, before compression."),
    ]

    static var glossary: String {
        let items = terms.map { "<dt>\(HTMLText.escaped($0.name))</dt><dd>\(HTMLText.escaped($0.meaning))</dd>" }
        return """
            <section class="card"><h2>What the terms mean</h2><dl>\(items.joined(separator: "\n"))</dl></section>
            """
    }
}
