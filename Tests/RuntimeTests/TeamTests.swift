import Runtime
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Counts how often each part is run.
private final class Count: TeamTask {
    private let counts = Mutex<[Int]>([])

    /// By the number of the part.
    var ofParts: [Int] { counts.withLock { $0 } }

    func run(part: Int, of parts: Int) {
        counts.withLock { counts in
            if counts.isEmpty { counts = [Int](repeating: 0, count: parts) }
            counts[part] += 1
        }
    }
}

/// Each part waits until all have begun, so that no thread does two.
private final class Meeting: TeamTask {
    private let arrived = Atomic(0)

    func run(part: Int, of parts: Int) {
        arrived.wrappingAdd(1, ordering: .relaxed)
        while arrived.load(ordering: .relaxed) < parts { sched_yield() }
    }
}

@Suite struct TeamTests {
    @Test(arguments: [1, 2, 3, 8], [1, 4, 1000]) func everyPartRunsOnce(threads: Int, partsPerThread: Int) {
        let team = Team(threads: threads)
        let count = Count()
        team.run(count, partsPerThread: partsPerThread)
        let parts = team.threads == 1 ? 1 : team.threads * partsPerThread
        #expect(count.ofParts == [Int](repeating: 1, count: parts))
    }

    /// A region is over when all its parts are done, and no part of one is done in another.
    @Test(arguments: [1, 2, 3]) func oneRegionAfterAnother(threads: Int) {
        let team = Team(threads: threads)
        let count = Count()
        var early: [Int] = []
        for region in 1...5000 {
            team.run(count, partsPerThread: 3)
            if !count.ofParts.allSatisfy({ $0 == region }) { early.append(region) }
        }
        #expect(early == [])
        #expect(count.ofParts.count == (team.threads == 1 ? 1 : 3 * team.threads))
    }

    /// Regions that several threads start take turns.
    @Test func manyThreadsStartRegions() async {
        let team = Team(threads: 3)
        let early = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let count = Count()
                    return (1...500).count { region in
                        team.run(count, partsPerThread: 2)
                        return !count.ofParts.allSatisfy { $0 == region }
                    }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(early == 0)
    }

    /// Threads that have gone to sleep wake up for a region, all of them.
    @Test(arguments: [2, 3, 5]) func sleepersWakeUp(threads: Int) {
        let team = Team(threads: threads)
        for _ in 0..<20 {
            usleep(5000)
            team.run(Meeting())
        }
    }

    @Test func onlyWhatIsWorthwhileIsShared() {
        func parts(_ team: Team, _ operations: Int) -> Int {
            let count = Count()
            team.run(count, operations: operations, partsPerThread: 2)
            return count.ofParts.count
        }
        let team = Team(threads: 2, sharingFrom: 100)
        #expect(parts(team, 99) == 1)
        #expect(parts(team, 100) == 2 * team.threads)
        #expect(parts(Team(threads: 2, sharingFrom: 0), 0) == 2 * team.threads)
    }

    @Test(arguments: [0, -3, .min]) func aTeamHasAThread(threads: Int) {
        #expect(Team(threads: threads).threads == 1)
    }
}
