extension Processor {
    /// Bytes a second that the team's threads read from memory at best, all at the same time. Takes some 300 ms, and for
    /// that time up to 256 MB.
    public static func measuredBandwidth(team: Team) -> Double {
        // Far more than the caches hold.
        var byteCount = 256 << 20
        while byteCount > 1 << 20, !canAllocate(byteCount: byteCount) { byteCount /= 2 }
        let memory = UnsafeMutableRawPointer.allocateWeights(byteCount: byteCount)
        defer { memory.deallocate() }
        // Not zeros, whose pages could all be one.
        memory.initializeMemory(as: UInt8.self, repeating: 1, count: byteCount)
        let sums = UnsafeMutablePointer<UInt32>.allocate(capacity: team.threads * ReadTask.sumStride)
        defer { sums.deallocate() }
        let task = ReadTask(memory: memory, byteCount: byteCount, sums: sums)
        let clock = ContinuousClock()
        team.run(task)  // wakes the threads
        var best = 0.0
        for _ in 0..<8 {
            let start = clock.now
            team.run(task)
            let seconds = (clock.now - start) / .seconds(1)
            best = max(best, Double(byteCount) / seconds)
        }
        return best
    }
}

/// Each thread adds up the words of its part of the memory.
private struct ReadTask: TeamTask {
    let memory: UnsafeMutableRawPointer
    let byteCount: Int
    /// Where the sums go, so that nothing is left out.
    let sums: UnsafeMutablePointer<UInt32>

    /// Words from one thread's sum to the next one's, on another cache line.
    static let sumStride = 32
    /// Several far streams: one alone does not keep a core's line buffers full.
    private static let streams = 4

    func run(part: Int, of parts: Int) {
        typealias Line = SIMD16<UInt32>
        let lines = byteCount / (parts * Self.streams * 64)
        let start = UnsafeRawPointer(memory) + part * lines * Self.streams * 64
        var sum = Line()
        for line in 0..<lines {
            for stream in 0..<Self.streams {
                sum &+= (start + (stream * lines + line) * 64).load(as: Line.self)
            }
        }
        sums[part * Self.sumStride] = sum.wrappedSum()
    }
}
