import Layers
import Tensors

/// Where each word of a text looks in a layer, [H, T, T].
func pattern(of model: LanguageModel, layer: Int, text: [Int32]) -> Tensor? {
    let taps = Taps()
    var pattern: Tensor?
    taps.read(TapPoint(.attentionPattern, layer: layer)) { pattern = $0 }
    _ = model([text], ForwardContext(taps: taps))
    return pattern
}

/// What the model says when a layer's attention finds nothing, [1, T, V].
func logits(of model: LanguageModel, withoutAttentionOf layer: Int, text: [Int32]) -> Tensor {
    let taps = Taps()
    taps.replace(TapPoint(.attentionOutput, layer: layer)) { .zeros($0.shape) }
    return model([text], ForwardContext(taps: taps))
}
