import Tensors

extension OperationCase {
    /// What draws random numbers, and what draws them twice.
    static let random: [OperationCase] = [
        dropout("", 5, 7, rate: 0.25),
        dropout("large", 70, 33, rate: 0.5),
        dropout("no rows", 0, 7, rate: 0.5),
        OperationCase(
            .recomputed, inputs: feedForward,
            forward: { inputs, context in context.recomputed(inputs.x) { forward(inputs, $0, $1) } },
            twin: { twin($0, $0.x, firstDropout: 1) }),
        OperationCase(
            .recomputed, "nested, with what is used outside too", inputs: feedForward,
            forward: { inputs, context in
                let outside = context.scale(inputs.x, by: 0.5)
                let inside = context.recomputed(outside) { x, context in
                    let once = context.recomputed(x) { forward(inputs, $0, $1) }
                    return context.add(context.recomputed(once) { forward(inputs, $0, $1) }, x)
                }
                return context.multiply(inside, outside)
            },
            twin: { inputs in
                let outside = Reference.scale(inputs.x, by: 0.5)
                let once = twin(inputs, outside, firstDropout: 1)
                let inside = Reference.add(twin(inputs, once, firstDropout: 2), outside)
                return Reference.multiply(inside, outside)
            }),
        OperationCase(
            .recomputed, "two tensors", inputs: feedForward + [Input("memory", 4, 6)],
            forward: { inputs, context in
                context.recomputed([inputs.x, inputs.memory]) {
                    $1.add($1.multiply(forward(inputs, $0[0], $1), $0[1]), $0[0])
                }
            },
            twin: {
                Reference.add(Reference.multiply(twin($0, $0.x, firstDropout: 1), $0.memory), $0.x)
            }),
    ]

    private static func dropout(_ variant: String, _ rows: Int, _ columns: Int, rate: Double) -> OperationCase {
        OperationCase(
            .dropout, variant, inputs: [Input("x", rows, columns)],
            forward: { $1.dropout($0.x, rate: rate) },
            twin: { Reference.dropout($0.x, Reference.Dropout(rate: rate)) })
    }

    private static let feedForward = [
        Input("x", 4, 6), Input("weight", 6, 9), Input("bias", 9), Input("output", 6, 9),
    ]

    /// A feed-forward network with dropout and a residual connection.
    private static func forward(_ inputs: Named<Tensor>, _ x: Tensor, _ context: ForwardContext) -> Tensor {
        let hidden = context.linear(x, .inputsByOutputs(inputs.weight), bias: inputs.bias, activation: .gelu)
        return context.linear(context.dropout(hidden, rate: 0.3), .outputsByInputs(inputs.output), adding: x)
    }

    private static func twin(_ inputs: Named<Numbers>, _ x: Numbers, firstDropout: UInt64) -> Numbers {
        let hidden = Reference.linear(x, inputs.weight, bias: inputs.bias, activation: .gelu)
        let dropped = Reference.dropout(hidden, Reference.Dropout(rate: 0.3, number: firstDropout))
        return Reference.linear(dropped, inputs.output, transposed: true, adding: x)
    }
}
