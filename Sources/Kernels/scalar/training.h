/// The backward passes, the loss and the optimizer: the order of their operations, in plain loops.

static void activate_backward(size_t count, kernels_activation activation, const float *x, const float *dy, float *dx) {
    for (size_t i = 0; i < count; i++) dx[i] = dy[i] * derivative(activation, x[i]);
}

static void layer_norm_backward(size_t count, const float *x, const float *statistics, const float *gain, const float *dy,
                                float *dx) {
    float mean = statistics[0], rstd = statistics[1], lanes[16] = {0}, scaled_lanes[16] = {0};
    for (size_t i = 0; i < count; i++) {
        float g = dy[i] * gain[i], h = (x[i] - mean) * rstd;
        lanes[i % 16] += g;
        scaled_lanes[i % 16] = fmaf(g, h, scaled_lanes[i % 16]);
    }
    float shift = sum_of_lanes(lanes) / (float)count, slope = sum_of_lanes(scaled_lanes) / (float)count;
    for (size_t i = 0; i < count; i++) {
        float g = dy[i] * gain[i], h = (x[i] - mean) * rstd;
        dx[i] = rstd * fmaf(-h, slope, g - shift);
    }
}

static void layer_norm_parameters(size_t count, const float *x, const float *statistics, const float *dy, float *dgain,
                                  float *dbias) {
    for (size_t i = 0; i < count; i++) {
        dgain[i] = fmaf(dy[i], (x[i] - statistics[0]) * statistics[1], dgain[i]);
        if (dbias) dbias[i] += dy[i];
    }
}

static void softmax_backward(size_t count, float scale, const float *y, float *dy) {
    float lanes[16] = {0};
    for (size_t i = 0; i < count; i++) lanes[i % 16] = fmaf(y[i], dy[i], lanes[i % 16]);
    float sum = sum_of_lanes(lanes);
    for (size_t i = 0; i < count; i++) dy[i] = (y[i] * (dy[i] - sum)) * scale;
}

static void add_scaled(size_t count, float scale, const float *x, float *y) {
    for (size_t i = 0; i < count; i++) y[i] += x[i] * scale;
}

static float cross_entropy(size_t count, size_t target, const float *weight, float *x) {
    float largest = -INFINITY, lanes[16] = {0};
    for (size_t i = 0; i < count; i++) {
        if (x[i] > largest) largest = x[i];
    }
    float wanted = x[target] - largest;
    for (size_t i = 0; i < count; i++) {
        float power = exponential(x[i] - largest);
        lanes[i % 16] += power;
        if (weight) x[i] = power;
    }
    float sum = sum_of_lanes(lanes);
    if (weight) {
        float reciprocal = 1.0f / sum;
        for (size_t i = 0; i < count; i++) x[i] = (x[i] * reciprocal - (i == target ? 1.0f : 0.0f)) * *weight;
    }
    return logarithm(sum) - wanted;
}

static double sum_of_squares(size_t count, const float *x) {
    double lanes[16] = {0};
    // The square of a float is exact in double: fused or not, the same bits.
    for (size_t i = 0; i < count; i++) lanes[i % 16] += (double)x[i] * (double)x[i];
    return sum_of_double_lanes(lanes);
}

static void adamw(size_t count, const kernels_adamw *step, const float *gradient, float *parameters, float *m, float *v) {
    for (size_t i = 0; i < count; i++) {
        float g = gradient[i] * step->gradient_scale;
        m[i] = fmaf(g - m[i], step->beta1_complement, m[i]);
        v[i] = fmaf(step->beta2_complement * g, g, step->beta2 * v[i]);
        float root = fmaf(sqrtf(v[i]), step->root_factor, step->epsilon);
        parameters[i] = parameters[i] * step->keep - (step->step_size * m[i]) / root;
    }
}
