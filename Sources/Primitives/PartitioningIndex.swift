extension RandomAccessCollection {
    /// The first index whose element the predicate is true of; `endIndex` where it is true of none. The elements must be
    /// sorted so that it is false of the first ones and true of the others. Logarithmic.
    public func partitioningIndex(where predicate: (Element) -> Bool) -> Index {
        var (low, length) = (startIndex, count)
        while length > 0 {
            let half = length / 2
            let middle = index(low, offsetBy: half)
            if predicate(self[middle]) {
                length = half
            } else {
                low = index(after: middle)
                length -= half + 1
            }
        }
        return low
    }
}
