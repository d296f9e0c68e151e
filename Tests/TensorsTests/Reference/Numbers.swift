import Tensors

/// Numbers in double precision with a shape, row-major: what the operations' twins work on.
struct Numbers {
    var values: [Double]
    let shape: Shape

    init(_ values: [Double], _ shape: Shape) {
        self.values = values
        self.shape = shape
    }

    /// All 0.
    init(_ shape: Shape) { self.init([Double](repeating: 0, count: shape.count), shape) }

    init(_ tensor: Tensor) { self.init(tensor.values.map(Double.init), tensor.shape) }

    /// All axes but the last taken together.
    var rows: Int { shape.sizesByAxis.dropLast().reduce(1, *) }
    var columns: Int { shape[-1] }

    subscript(row: Int, column: Int) -> Double {
        get { values[row * columns + column] }
        set { values[row * columns + column] = newValue }
    }

    func map(_ transform: (Double) -> Double) -> Numbers { Numbers(values.map(transform), shape) }

    /// The largest absolute value.
    var largest: Double { values.reduce(0) { max($0, abs($1)) } }
}
