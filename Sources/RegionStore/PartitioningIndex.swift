extension RandomAccessCollection where Index == Int {
    /// The index of the first element that `belongsInSecondPart` holds for, by binary search; ``endIndex`` where it holds for none.
    ///
    /// Behind an element that it holds for it must hold for every other one.
    @inlinable
    package func partitioningIndex(where belongsInSecondPart: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if belongsInSecondPart(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
