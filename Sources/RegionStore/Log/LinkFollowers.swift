import ItemModel

/// The followers of the log that are links: one for each log of each other region.
///
/// `link/<region>/<incarnation>`; `link/<region>` stands for a region none of whose logs is known yet, so that it has a
/// claim from the beginning.
struct LinkFollowers {
    /// The names of the other regions.
    let regions: [RegionIdentity]
    /// The logs whose followers were added since the process started, with the followers' names.
    private var known: [(log: Origin, name: Text)] = []

    private static let prefix = "link/"

    init(regions: [RegionIdentity]) {
        self.regions = regions
    }

    static func name(of region: Text) -> Text { Text(prefix + region.string) }

    static func name(of log: Origin, in region: Text) -> Text {
        Text("\(prefix)\(region.string)/\(log.incarnationText)")
    }

    /// Removes those of regions that are no longer in the topology, and adds those of new ones.
    func reconcile(_ followers: inout LogFollowers, _ bounds: ChangeLog.Bounds) {
        for follower in followers.all where follower.name.string.hasPrefix(Self.prefix) {
            let isKnown = regions.contains { self.follower(follower.name, isOf: $0.name) }
            if !isKnown { followers.remove(follower.name) }
        }
        for region in regions { addPlaceholder(of: region.name, to: &followers, bounds) }
    }

    /// Adds the follower for a log that is now known.
    mutating func add(_ log: Origin, to followers: inout LogFollowers, _ bounds: ChangeLog.Bounds) {
        guard !known.contains(where: { $0.log == log }), let region = regionName(of: log) else { return }
        let placeholder = Self.name(of: region)
        let cursor = followers[placeholder]?.cursor ?? LogPosition(rawValue: bounds.start.rawValue - 1)
        let name = Self.name(of: log, in: region)
        followers.add(name, at: cursor)
        followers.remove(placeholder)
        known.append((log, name))
    }

    /// Removes the follower of a log that has ended.
    mutating func remove(_ log: Origin, from followers: inout LogFollowers, _ bounds: ChangeLog.Bounds) {
        guard let region = regionName(of: log) else { return }
        known.removeAll { $0.log == log }
        followers.remove(Self.name(of: log, in: region))
        addPlaceholder(of: region, to: &followers, bounds)
    }

    /// Takes what a log's store has acknowledged of this region's log.
    func acknowledge(
        by log: Origin, upTo position: LogPosition, _ followers: inout LogFollowers, _ bounds: ChangeLog.Bounds
    ) {
        guard let name = known.first(where: { $0.log == log })?.name else { return }
        followers.acknowledge(name, upTo: position, in: bounds)
    }

    private func regionName(of log: Origin) -> Text? { regions.first { $0.id == log.region }?.name }

    private func addPlaceholder(of region: Text, to followers: inout LogFollowers, _ bounds: ChangeLog.Bounds) {
        guard !followers.all.contains(where: { follower($0.name, isOf: region) }) else { return }
        followers.add(Self.name(of: region), at: LogPosition(rawValue: bounds.start.rawValue - 1))
    }

    private func follower(_ name: Text, isOf region: Text) -> Bool {
        let own = Self.name(of: region)
        return name == own || name.string.hasPrefix(own.string + "/")
    }
}
