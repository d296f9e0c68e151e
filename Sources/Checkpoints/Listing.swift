extension DefaultStringInterpolation {
    /// "1 tensor is", "2 tensors are".
    mutating func appendInterpolation(tensors count: Int) {
        appendInterpolation(count == 1 ? "1 tensor is" : "\(count) tensors are")
    }
}
