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
                warmupSteps: example.warmup, decayEnd: example.end)
            for (step, rate) in zip(example.steps, example.rates) {
                #expect(abs(schedule.rate(at: step) - rate) <= 1e-15 * example.peak, "\(example.decay), step \(step)")
            }
        }
    }

    /// Source of the values: the definition, by hand.
    @Test func aRateIsStableUntilItFalls() {
        let schedule = Schedule(.linear, peak: 1, warmupSteps: 1, decayStart: 4, decayEnd: 8)
        #expect((0...9).map(schedule.rate) == [0.5, 1, 1, 1, 1, 0.75, 0.5, 0.25, 0, 0])
        let early = Schedule(.linear, peak: 1, warmupSteps: 4, decayStart: 2, decayEnd: 8)
        #expect((4...8).map(early.rate) == [1, 0.75, 0.5, 0.25, 0])
    }

    /// A decay that is over before it begins must not divide by zero.
    @Test(arguments: Schedule.Decay.allCases) func aDecayWithoutLengthEndsAtOnce(decay: Schedule.Decay) {
        let schedule = Schedule(decay, peak: 1, minimum: 0.1, warmupSteps: 3, decayEnd: 3)
        #expect((0..<4).map(schedule.rate) == [0.25, 0.5, 0.75, 1])
        #expect(schedule.rate(at: 4) == (decay == .constant ? 1 : 0.1))
    }
}
