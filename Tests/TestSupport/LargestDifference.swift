/// The largest absolute difference of two rows; NaN anywhere is infinitely far, as are rows of different lengths.
package func largestDifference(_ row: [Float], _ expected: [Double]) -> Double {
    if row.count != expected.count { return .infinity }
    return zip(row, expected).reduce(0) { largest, pair in
        let difference = abs(Double(pair.0) - pair.1)
        // `max` would let NaN pass.
        return difference.isNaN ? .infinity : max(largest, difference)
    }
}

package func largestDifference(_ row: [Float], _ expected: [Float]) -> Double {
    largestDifference(row, expected.map(Double.init))
}
