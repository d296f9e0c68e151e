import Foundation
import Testing
import Training

@Suite struct ScheduleTests {
    private struct Case: Decodable {
        let decay: String
        let peak, minimum: Double
        let warmup, end: Int
        let steps: [Int]
        let rates: [Double]
    }

    @Test func ratesAreNanoGPTs() throws {
        let cases = try JSONDecoder().decode([Case].self, from: Data(Fixture.bytes("schedule.json")))
        #expect(cases.count == 6)
        for example in cases {
            let schedule = try Schedule(
                #require(Schedule.Decay(rawValue: example.decay)), peak: example.peak, minimum: example.minimum,
                warmupSteps: example.warmup, decaySteps: example.end)
            for (step, rate) in zip(example.steps, example.rates) {
                #expect(abs(schedule.rate(at: step) - rate) <= 1e-15 * example.peak, "\(example.decay), step \(step)")
            }
        }
    }

    /// A decay that is over before it begins must not divide by zero.
    @Test(arguments: Schedule.Decay.allCases) func aDecayWithoutLengthEndsAtOnce(decay: Schedule.Decay) {
        let schedule = Schedule(decay, peak: 1, minimum: 0.1, warmupSteps: 3, decaySteps: 3)
        #expect((0..<4).map(schedule.rate) == [0.25, 0.5, 0.75, 1])
        #expect(schedule.rate(at: 4) == (decay == .constant ? 1 : 0.1))
    }
}
