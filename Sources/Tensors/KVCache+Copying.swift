/// Keys and values in and out of the pages' panels, in the plain order [positions, layers, heads, head size].
extension KVCache {
    /// Floats of the keys of one position, and of its values.
    package var positionCount: Int { layers * heads * headSize }

    /// Fills the next `count` positions.
    ///
    /// - Parameters:
    ///   - keys: [count, layers, heads, head size], at any alignment.
    ///   - values: likewise.
    package func append(_ count: Int, keys: UnsafeRawPointer, values: UnsafeRawPointer) {
        precondition(self.count + count <= capacity, "\(count) positions more in a cache of \(capacity)")
        forEachVector(self.count..<self.count + count) { offset, position in
            let (key, value) = (keys + offset * 4, values + offset * 4)
            for d in 0..<headSize {
                position.key[d * 16] = key.loadUnaligned(fromByteOffset: d * 4, as: Float.self)
                position.value[d / 16 * Self.valuePanelStride + d % 16] =
                    value.loadUnaligned(fromByteOffset: d * 4, as: Float.self)
            }
        }
        advance(by: count)
    }

    /// Copies the keys of filled positions, [positions, layers, heads, head size].
    package func copyKeys(_ positions: Range<Int>, to destination: UnsafeMutablePointer<Float>) {
        precondition(positions.upperBound <= count, "positions \(positions) of \(count)")
        forEachVector(positions) { offset, position in
            for d in 0..<headSize { destination[offset + d] = position.key[d * 16] }
        }
    }

    /// Copies the values of filled positions, [positions, layers, heads, head size].
    package func copyValues(_ positions: Range<Int>, to destination: UnsafeMutablePointer<Float>) {
        precondition(positions.upperBound <= count, "positions \(positions) of \(count)")
        forEachVector(positions) { offset, position in
            for d in 0..<headSize {
                destination[offset + d] = position.value[d / 16 * Self.valuePanelStride + d % 16]
            }
        }
    }

    /// Calls `body` for each layer, head and position with the vector's place in the plain order, and in the panels. Head by
    /// head, because the positions of one share a panel's cache lines.
    private func forEachVector(
        _ positions: Range<Int>,
        _ body: (Int, (key: UnsafeMutablePointer<Float>, value: UnsafeMutablePointer<Float>)) -> Void
    ) {
        for layer in 0..<layers {
            for head in 0..<heads {
                for position in positions {
                    let (page, slot) = (position / Self.pageLength, position % Self.pageLength)
                    let key = keys(page: page, layer: layer, head: head) + slot / 16 * keyPanelStride + slot % 16
                    let value = values(page: page, layer: layer, head: head) + slot * 16
                    let offset =
                        (position - positions.lowerBound) * positionCount + (layer * heads + head) * headSize
                    body(offset, (key, value))
                }
            }
        }
    }
}
