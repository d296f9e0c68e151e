import Runtime
import Tensors
import Testing

/// Weights that are quantised for their inputs, against the definition in double precision.
@Suite struct CalibratedPackingTests {
    private static let formats = [WeightFormat.q8, .q4]

    /// Rows whose elements go together, as those of a residual stream do.
    private func correlated(_ rows: Int, _ inputs: Int) -> Tensor {
        let (common, own) = (
            Tensor.normal(Shape(rows, 4), seed: 1).values, Tensor.normal(Shape(rows, inputs), seed: 2).values
        )
        let mixture = Tensor.normal(Shape(4, inputs), seed: 3).values
        let values = own.indices.map { place in
            let (row, input) = (place / inputs, place % inputs)
            return (0..<4).reduce(own[place] * 0.5) { $0 + common[row * 4 + $1] * mixture[$1 * inputs + input] }
        }
        return Tensor(values, shape: Shape(rows, inputs))
    }

    private func calibrated(
        _ weight: Weight, _ format: WeightFormat, _ x: Tensor, _ context: ForwardContext = ForwardContext()
    ) throws -> (matrix: PackedMatrix, factor: Numbers) {
        let factor = try #require(UpperFactorTests.factor(of: x, context))
        return (PackedMatrix(calibrating: weight, format: format, for: factor, context), Numbers(factor.factor))
    }

    private func bytes(_ matrix: PackedMatrix) -> [UInt8] {
        withExtendedLifetime(matrix) { [UInt8](UnsafeRawBufferPointer(start: matrix.panels, count: matrix.byteCount)) }
    }

    /// What stands for the weights, [outputs, inputs].
    private func numbers(_ matrix: PackedMatrix) -> Numbers {
        let rows = (0..<matrix.outputs).flatMap { output in
            [Float](unsafeUninitializedCapacity: matrix.inputs) { buffer, count in
                if let start = buffer.baseAddress { matrix.copyOutput(output, to: start) }
                count = matrix.inputs
            }
        }
        return Numbers(rows.map(Double.init), Shape(matrix.outputs, matrix.inputs))
    }

    /// A block's scale, from its half.
    private func scale(_ matrix: PackedMatrix, output: Int, block: Int) -> Double {
        let place = output / 16 * matrix.panelStride + matrix.format.panelBytes(inputs: block * 32) + output % 16 * 2
        let half = withExtendedLifetime(matrix) { matrix.panels.loadUnaligned(fromByteOffset: place, as: UInt16.self) }
        let (exponent, fraction) = (Int(half >> 10 & 31), Double(half & 1023) / 1024)
        let size =
            exponent == 0
            ? Double(sign: .plus, exponent: -14, significand: fraction)
            : Double(sign: .plus, exponent: exponent - 15, significand: 1 + fraction)
        return half >> 15 == 0 ? size : -size
    }

    /// The scale of the search with the least weighted squared error.
    private func search(_ targets: [Double], _ importance: [Double], _ format: WeightFormat) -> (Double) -> Bool {
        let (low, high, tries, step) = format == .q8 ? (127.0, 127.0, 6, 0.7) : (8.0, 7.0, 20, 0.15)
        let largest = targets.max { abs($0) < abs($1) } ?? 0
        let fits = (0..<tries).map { t -> (scale: Double, gain: Double) in
            let inverse = -(low + step * Double(t - tries / 2)) / largest
            var (products, squares) = (0.0, 0.0)
            for (target, weight) in zip(targets, importance) {
                let number = min(max((target * inverse).rounded(.toNearestOrEven), -low), high)
                products += weight * target * number
                squares += weight * number * number
            }
            return (products / squares, products * products / squares)
        }
        let best = fits.map(\.gain).max() ?? 0
        return { found in
            fits.contains { $0.gain >= best * (1 - 1e-4) && abs($0.scale - found) <= abs($0.scale) * 0x1p-10 }
        }
    }

    /// Every scale is the search's and every number the nearest to its target, those before it being what they are.
    @Test(arguments: [(32, 16), (1, 1), (33, 17), (70, 21), (160, 40), (40, 2070)], formats)
    func likeTheDefinition(_ shape: (inputs: Int, outputs: Int), _ format: WeightFormat) throws {
        let (inputs, outputs) = shape
        let weight = Tensor.normal(Shape(outputs, inputs), deviation: 0.02, seed: 8)
        let (matrix, factor) = try calibrated(.outputsByInputs(weight), format, correlated(2 * inputs + 9, inputs))
        let (w, q) = (Numbers(weight), numbers(matrix))
        let (low, high) = format == .q8 ? (-127.0, 127.0) : (-8.0, 7.0)
        for output in Swift.stride(from: 0, to: outputs, by: outputs > 100 ? 23 : 1) {
            func target(_ k: Int, _ errors: [Double]) -> Double {
                w[output, k] + (0..<k).reduce(0) { $0 + errors[$1] * factor[$1, k] } / factor[k, k]
            }
            var errors: [Double] = []
            for start in Swift.stride(from: 0, to: inputs, by: 32) {
                let block = start..<min(start + 32, inputs)
                var free = errors
                for k in block { free.append(w[output, k] - target(k, free)) }
                let found = scale(matrix, output: output, block: start / 32)
                let isBest = search(
                    block.map { w[output, $0] - free[$0] }, block.map { factor[$0, $0] * factor[$0, $0] }, format)
                // One number alone fits any scale.
                #expect(block.count == 1 || isBest(found), "scale \(found) of output \(output), input \(start)")
                for k in block {
                    let place = target(k, errors) / found
                    let number = (q[output, k] / found).rounded()
                    let nearest = min(max(place.rounded(), low), high)
                    let isBetween = abs(abs(place - place.rounded(.down)) - 0.5) < (format == .q8 ? 1e-2 : 1e-3)
                    #expect(number == nearest || isBetween && abs(number - nearest) == 1, "[\(output), \(k)]: \(place)")
                    errors.append(w[output, k] - q[output, k])
                }
            }
        }
    }

    /// Σ |x (w - q)|² over rows and outputs.
    private func outputError(_ x: Tensor, _ weight: Tensor, _ matrix: PackedMatrix) -> Double {
        let (x, w, q) = (Numbers(x), Numbers(weight), numbers(matrix))
        var sum = 0.0
        for row in 0..<x.rows {
            for output in 0..<w.rows {
                let error = (0..<w.columns).reduce(0) { $0 + x[row, $1] * (w[output, $1] - q[output, $1]) }
                sum += error * error
            }
        }
        return sum
    }

    /// Also on rows that it was not made for.
    @Test(arguments: formats) func outputsAreNearer(_ format: WeightFormat) throws {
        let weight = Tensor.normal(Shape(24, 96), deviation: 0.02, seed: 8)
        let x = correlated(600, 96).values
        let (seen, other) = (
            Tensor(Array(x.prefix(400 * 96)), shape: Shape(400, 96)),
            Tensor(Array(x.suffix(200 * 96)), shape: Shape(200, 96))
        )
        let matrix = try calibrated(.outputsByInputs(weight), format, seen).matrix
        let plain = PackedMatrix.packing(.outputsByInputs(weight), format: format, team: .shared)
        for rows in [seen, other] {
            #expect(outputError(rows, weight, matrix) < 0.8 * outputError(rows, weight, plain))
        }
    }

    /// Inputs that have nothing to do with each other leave nothing to make up for.
    @Test(arguments: formats) func withoutCorrelationEachIsTheNearest(_ format: WeightFormat) throws {
        let weight = Tensor.normal(Shape(24, 96), deviation: 0.02, seed: 8)
        let unit = Tensor((0..<96 * 96).map { $0 / 96 == $0 % 96 ? 1 : 0 }, shape: Shape(96, 96))
        let matrix = try calibrated(.outputsByInputs(weight), format, unit).matrix
        let (w, q) = (Numbers(weight), numbers(matrix))
        let (low, high) = format == .q8 ? (-127.0, 127.0) : (-8.0, 7.0)
        for output in 0..<24 {
            for k in 0..<96 {
                let scale = scale(matrix, output: output, block: k / 32)
                let nearest = min(max((w[output, k] / scale).rounded(), low), high) * scale
                #expect(abs(q[output, k] - w[output, k]) <= abs(nearest - w[output, k]) + 1e-6 * abs(scale))
            }
        }
        let plain = PackedMatrix.packing(.outputsByInputs(weight), format: format, team: .shared)
        // Of scales that are as good but for rounding the two may choose differently.
        #expect(outputError(unit, weight, matrix) <= outputError(unit, weight, plain) * (1 + 1e-3))
    }

    @Test(arguments: formats) func sameBytesOnAllThreadsAndFromBothLayouts(_ format: WeightFormat) throws {
        let (inputs, outputs) = (70, 100)
        let x = correlated(300, inputs)
        let weight = Tensor.normal(Shape(outputs, inputs), deviation: 0.02, seed: 8)
        let values = weight.values
        let turned = Tensor(
            (0..<inputs * outputs).map { values[$0 % outputs * inputs + $0 / outputs] }, shape: Shape(inputs, outputs))
        let found = try [1, 2, 3].flatMap { threads in
            let context = ForwardContext(team: Team(threads: threads, sharingFrom: 0))
            return try [Weight.outputsByInputs(weight), .inputsByOutputs(turned)].map {
                bytes(try calibrated($0, format, x, context).matrix)
            }
        }
        for other in found.dropFirst() { #expect(other == found[0]) }
    }

    /// Half precision ends at 65504.
    @Test(arguments: formats) func tellsOfScalesThatAreInfinite(_ format: WeightFormat) throws {
        var values = Tensor.normal(Shape(20, 40), deviation: 0.02, seed: 8).values
        func isFinite() throws -> Bool {
            let weight = Weight.outputsByInputs(Tensor(values, shape: Shape(20, 40)))
            return try calibrated(weight, format, correlated(100, 40)).matrix.isFinite
        }
        #expect(try isFinite())
        values[values.count - 1] = 1e7
        #expect(try !isFinite())
    }

    /// Inputs that are always 0, and outputs without weights.
    @Test(arguments: formats) func zeros(_ format: WeightFormat) throws {
        let weight = Tensor((0..<20 * 40).map { $0 / 40 == 3 ? 0 : Float($0 % 7) - 3 }, shape: Shape(20, 40))
        let matrix = try calibrated(.outputsByInputs(weight), format, .zeros(Shape(10, 40))).matrix
        let (w, q) = (Numbers(weight), numbers(matrix))
        #expect((0..<40).allSatisfy { q[3, $0] == 0 })
        // Half of 3 / 7 and more.
        for (exact, found) in zip(w.values, q.values) { #expect(abs(exact - found) <= 0.26) }
    }
}
