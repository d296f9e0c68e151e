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
        withUnsafeTemporaryAllocation(of: Float.self, capacity: headSize * 2) { aligned in
            guard let key = aligned.baseAddress else { return }
            let value = key + headSize
            forEachVector(self.count..<self.count + count) { offset, position, layer, head in
                UnsafeMutableRawPointer(key).copyMemory(from: keys + offset * 4, byteCount: headSize * 4)
                UnsafeMutableRawPointer(value).copyMemory(from: values + offset * 4, byteCount: headSize * 4)
                write(position: position, layer: layer, head: head, key: key, value: value)
            }
        }
        advance(by: count)
    }

    /// Copies the keys of filled positions, [positions, layers, heads, head size].
    package func copyKeys(_ positions: Range<Int>, to destination: UnsafeMutablePointer<Float>) {
        copy(.key, positions, to: destination)
    }

    /// Copies the values of filled positions, [positions, layers, heads, head size].
    package func copyValues(_ positions: Range<Int>, to destination: UnsafeMutablePointer<Float>) {
        copy(.value, positions, to: destination)
    }

    private func copy(_ part: Part, _ positions: Range<Int>, to destination: UnsafeMutablePointer<Float>) {
        precondition(positions.upperBound <= count, "positions \(positions) of \(count)")
        forEachVector(positions) { offset, position, layer, head in
            read(part, position: position, layer: layer, head: head, to: destination + offset)
        }
    }

    /// Calls `body` for each layer, head and position with the vector's place in the plain order. Head by head, because the
    /// positions of one share a panel's cache lines.
    private func forEachVector(
        _ positions: Range<Int>, _ body: (_ offset: Int, _ position: Int, _ layer: Int, _ head: Int) -> Void
    ) {
        for layer in 0..<layers {
            for head in 0..<heads {
                for position in positions {
                    let offset =
                        (position - positions.lowerBound) * positionCount + (layer * heads + head) * headSize
                    body(offset, position, layer, head)
                }
            }
        }
    }
}
