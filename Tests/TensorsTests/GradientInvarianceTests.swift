import Runtime
import Tensors
import Testing

/// One number, one way: outputs and gradients are the same bits whatever computes them.
@Suite("Invariance of gradients") struct GradientInvarianceTests {
    /// They share work of every size, as others do with large work only.
    private static let teams = [1, 2, 3].map { Team(threads: $0, sharingFrom: 0) }

    private func bits(_ outcome: OperationCase.Outcome) -> [String: [UInt32]] {
        var bits = outcome.gradients.mapValues { $0.values.map(\.bitPattern) }
        bits["output"] = outcome.output.values.map(\.bitPattern)
        return bits
    }

    @Test(arguments: OperationCase.all) func threads(_ item: OperationCase) throws {
        try #require(Self.teams.map(\.threads) == [1, 2, 3])
        let expected = try bits(item.run(ForwardContext(team: Self.teams[0])))
        for team in Self.teams.dropFirst() {
            #expect(try bits(item.run(ForwardContext(team: team))) == expected, "\(team.threads) threads")
        }
    }

    @Test(arguments: OperationCase.all) func instructionSets(_ item: OperationCase) throws {
        let scalar = try #require(ForwardContext(team: Self.teams[1], instructionSet: "scalar"))
        let expected = try bits(item.run(scalar))
        for name in ["avx2", "avx2streams", "avx512", "avx512vnni", "avx512amx", "neon", "neon-dotprod"] {
            guard let context = ForwardContext(team: Self.teams[1], instructionSet: name) else { continue }
            #expect(try bits(item.run(context)) == expected, "\(name)")
        }
    }

    /// A context that was used before hands out buffers with old numbers in them.
    @Test(arguments: OperationCase.all) func usedMemory(_ item: OperationCase) throws {
        let expected = try bits(item.run())
        let context = ForwardContext()
        var used: [Tensor] = []
        // Of every size class that the cases need.
        for power in 7...18 {
            for quarter in 5...8 {
                for _ in 0..<(power < 14 ? 12 : 3) {
                    let tensor = context.tensor(Shape(quarter << (power - 2)))
                    tensor.floats.update(repeating: .nan, count: tensor.shape.count)
                    used.append(tensor)
                }
            }
        }
        used.removeAll()
        #expect(try bits(item.run(context)) == expected)
    }

    /// Weights that are packed once give the same bits as those that are packed on the way, in either layout.
    @Test(arguments: [1, 2, 6, 7, 33, 265, 1100]) func packedAndPlainWeights(rows: Int) throws {
        // Of 1100 rows a group takes more, the shorter they are.
        for (inputs, outputs) in [(1, 1), (5, 17), (64, 31), (255, 16), (256, 33), (257, 15), (600, 48), (40, 400)] {
            let x = Tensor.normal(Shape(rows, inputs), seed: 1)
            let weight = Tensor.normal(Shape(inputs, outputs), seed: 2)
            let turned = Tensor(
                (0..<outputs).flatMap { column in (0..<inputs).map { weight[$0, column] } },
                shape: Shape(outputs, inputs))
            let bias = Tensor.normal(Shape(outputs), seed: 3)
            let residual = Tensor.normal(Shape(rows, outputs), seed: 4)
            for team in Self.teams {
                let context = ForwardContext(team: team)
                let forms: [Weight] = [
                    .packed(.packing(.inputsByOutputs(weight), team: team)),
                    .packed(.packing(.outputsByInputs(turned), team: team)), .inputsByOutputs(weight),
                    .outputsByInputs(turned),
                ]
                let found = forms.map { form in
                    context.linear(x, form, bias: bias, activation: .geluNew, adding: residual).values
                        + context.linear(x, form).values
                }
                #expect(found.allSatisfy { $0 == found[0] }, "\(rows) x \(inputs) x \(outputs)")
            }
        }
    }
}
