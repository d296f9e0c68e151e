/// The backward passes, the loss and the optimizer over one row; sums in the sixteen lanes that Kernels.h describes.

static void activate_backward(size_t count, kernels_activation activation, const float *x, const float *dy, float *dx) {
    FOR_EACH_VECTOR(count, { store(dx + at, v_mul(load(dy + at, n), derivative(activation, load(x + at, n))), n); })
}

static void layer_norm_backward(size_t count, const float *x, const float *statistics, const float *gain, const float *dy,
                                float *dx) {
    const V means = v_set1(statistics[0]), scale = v_set1(statistics[1]);
    V sums[LANE_VECTORS], scaled_sums[LANE_VECTORS];
    clear_lanes(sums);
    clear_lanes(scaled_sums);
    FOR_EACH_VECTOR(count, {
        V g = v_mul(load(dy + at, n), load(gain + at, n));
        V h = v_first(v_mul(v_sub(load(x + at, n), means), scale), n);  // beyond the row: 0, not -mean
        sums[lane] = v_add(sums[lane], g);
        scaled_sums[lane] = v_fma(g, h, scaled_sums[lane]);
    })
    const V shift = v_set1(sum_of_lanes(sums) / (float)count), slope = v_set1(sum_of_lanes(scaled_sums) / (float)count);
    FOR_EACH_VECTOR(count, {
        V g = v_mul(load(dy + at, n), load(gain + at, n));
        V h = v_mul(v_sub(load(x + at, n), means), scale);
        store(dx + at, v_mul(scale, v_fma(v_negate(h), slope, v_sub(g, shift))), n);
    })
}

static void layer_norm_parameters(size_t count, const float *x, const float *statistics, const float *dy, float *dgain,
                                  float *dbias) {
    const V means = v_set1(statistics[0]), scale = v_set1(statistics[1]);
    FOR_EACH_VECTOR(count, {
        V gradient = load(dy + at, n);
        V h = v_mul(v_sub(load(x + at, n), means), scale);
        store(dgain + at, v_fma(gradient, h, load(dgain + at, n)), n);
        if (dbias) store(dbias + at, v_add(load(dbias + at, n), gradient), n);
    })
}

static void softmax_backward(size_t count, float scale, const float *y, float *dy) {
    V sums[LANE_VECTORS];
    clear_lanes(sums);
    FOR_EACH_VECTOR(count, { sums[lane] = v_fma(load(y + at, n), load(dy + at, n), sums[lane]); })
    const V sum = v_set1(sum_of_lanes(sums)), scales = v_set1(scale);
    FOR_EACH_VECTOR(count, {
        store(dy + at, v_mul(v_mul(load(y + at, n), v_sub(load(dy + at, n), sum)), scales), n);
    })
}

static void multiply_elements(size_t count, const float *x, const float *y, float *z) {
    FOR_EACH_VECTOR(count, { store(z + at, v_mul(load(x + at, n), load(y + at, n)), n); })
}

static void add_scaled(size_t count, float scale, const float *x, float *y) {
    const V scales = v_set1(scale);
    FOR_EACH_VECTOR(count, { store(y + at, v_add(load(y + at, n), v_mul(load(x + at, n), scales)), n); })
}

static float cross_entropy(size_t count, size_t target, const float *weight, float *x) {
    V largest = v_set1(-INFINITY), sums[LANE_VECTORS];
    FOR_EACH_VECTOR(count, { largest = with_larger(largest, x + at, n); })
    const float top = largest_lane(largest), wanted = x[target] - top;
    const V tops = v_set1(top);
    clear_lanes(sums);
    FOR_EACH_VECTOR(count, {
        V power = v_first(exponential(v_sub(load(x + at, n), tops)), n);
        if (weight) store(x + at, power, n);
        sums[lane] = v_add(sums[lane], power);
    })
    const float sum = sum_of_lanes(sums);
    if (weight) {
        const float reciprocal = 1.0f / sum, difference = x[target] * reciprocal - 1.0f;
        const V reciprocals = v_set1(reciprocal), weights = v_set1(*weight);
        FOR_EACH_VECTOR(count, { store(x + at, v_mul(v_mul(load(x + at, n), reciprocals), weights), n); })
        x[target] = difference * *weight;
    }
    return logarithm(sum) - wanted;
}

static double sum_of_squares(size_t count, const float *x) {
    enum { double_lanes = LANES / 2, vectors = 16 / double_lanes };
    D sums[vectors];
    for (size_t v = 0; v < vectors; v++) sums[v] = d_zero();
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        UNROLL for (size_t v = 0; v < vectors; v++) {
            D wide = d_widen(x + i + v * double_lanes);
            sums[v] = d_fma(wide, wide, sums[v]);
        }
    }
    double lanes[16];
    for (size_t v = 0; v < vectors; v++) d_store(lanes + v * double_lanes, sums[v]);
    for (; i < count; i++) lanes[i % 16] += (double)x[i] * (double)x[i];
    return sum_of_double_lanes(lanes);
}

static void adamw(size_t count, const kernels_adamw *step, const float *gradient, float *parameters, float *m, float *v) {
    const V gradient_scale = v_set1(step->gradient_scale), keep = v_set1(step->keep), step_size = v_set1(step->step_size);
    const V beta1_complement = v_set1(step->beta1_complement), beta2_complement = v_set1(step->beta2_complement);
    const V beta2 = v_set1(step->beta2), root_factor = v_set1(step->root_factor), epsilon = v_set1(step->epsilon);
    FOR_EACH_VECTOR(count, {
        V g = v_mul(load(gradient + at, n), gradient_scale);
        V first = load(m + at, n);
        first = v_fma(v_sub(g, first), beta1_complement, first);
        V second = v_fma(v_mul(beta2_complement, g), g, v_mul(beta2, load(v + at, n)));
        V root = v_fma(v_sqrt(second), root_factor, epsilon);
        V change = v_div(v_mul(step_size, first), root);
        store(m + at, first, n);
        store(v + at, second, n);
        store(parameters + at, v_sub(v_mul(load(parameters + at, n), keep), change), n);
    })
}
