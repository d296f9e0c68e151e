import Runtime
import Tensors
import Testing

/// Weights in each format.
@Suite struct PackedMatrixTests {
    /// Numbers that a float, a half, or the scale of a block in half precision cannot be, and ones that they can.
    @Test(
        arguments: [
            (.f32, nil, 3e38), (.f16, 65_520, 65_504), (.q8, 1e7, 1e6), (.q4, 1e6, 1e5),
        ] as [(WeightFormat, Float?, Float)])
    func tellsOfWhatItsFormatCannotHold(_ format: WeightFormat, _ tooLarge: Float?, _ large: Float) {
        let tooLarge = tooLarge ?? .infinity
        let (inputs, outputs) = (70, 40)
        func areFinite(_ value: Float) -> [Bool] {
            var values = [Float](repeating: 0.5, count: inputs * outputs)
            values[values.count - 1] = value
            let weights: [Weight] = [
                .outputsByInputs(Tensor(values, shape: Shape(outputs, inputs))),
                .inputsByOutputs(Tensor(values, shape: Shape(inputs, outputs))),
            ]
            return weights.map { PackedMatrix.packing($0, format: format, team: .shared).isFinite }
        }
        #expect(areFinite(large) == [true, true])
        for value in [tooLarge, -tooLarge, .nan] { #expect(areFinite(value) == [false, false], "\(value)") }
    }

    /// A map so large that its outputs are made in several parts for each thread; rows that lie where they are, in a group of
    /// tiles, and in more than one.
    @Test(arguments: WeightFormat.allCases, [7, 13, 150])
    func moreAndFewerPartsGiveTheSameBits(_ format: WeightFormat, _ count: Int) {
        let (inputs, outputs) = (1056, 2007)
        let weight = Weight.outputsByInputs(.normal(Shape(outputs, inputs), deviation: 0.02, seed: 1))
        let bias = Tensor.normal(Shape(outputs), seed: 2)
        let rows = Tensor.normal(Shape(count, inputs), seed: 3)
        let row = Tensor(rows.row(count - 1), shape: Shape(1, inputs))
        var expected: [[Float]] = []
        for threads in [1, 2, 3] {
            let context = ForwardContext(team: Team(threads: threads))
            let matrix = PackedMatrix.packing(weight, format: format, team: context.team)
            #expect(matrix.byteCount > 1 << 20)
            let found = [rows, row].map { context.linear($0, .packed(matrix), bias: bias).values }
            if threads == 1 {
                expected = found
                #expect(found[0].suffix(outputs).elementsEqual(found[1]))
            }
            #expect(found == expected, "\(threads) threads")
        }
    }
}
