/// exp, erf, tanh, the activations and their derivatives, and the sum of sixteen lanes, in plain steps.

static inline float exponential(float x) {
    if (!(x >= EXP_LOWEST)) return x != x ? x : 0.0f;
    if (x > EXP_HIGHEST) return INFINITY;
    float shifted = fmaf(x, EXP_LOG2E, EXP_MAGIC);
    float n = shifted - EXP_MAGIC;
    float r = fmaf(n, -EXP_LN2_HIGH, x);
    r = fmaf(n, -EXP_LN2_LOW, r);
    float q = EXP_Q4;
    q = fmaf(q, r, EXP_Q3);
    q = fmaf(q, r, EXP_Q2);
    q = fmaf(q, r, EXP_Q1);
    q = fmaf(q, r, EXP_Q0);
    float power = fmaf(q, r * r, r) + 1.0f;
    uint32_t bits, exponent;
    memcpy(&bits, &power, 4);
    memcpy(&exponent, &shifted, 4);
    bits += exponent << 23;
    memcpy(&power, &bits, 4);
    return power;
}

static inline float error_function(float z) {
    float limited = z < -ERF_LIMIT ? -ERF_LIMIT : z > ERF_LIMIT ? ERF_LIMIT : z;
    float t = limited * limited;
    float p = ERF_P6;
    p = fmaf(p, t, ERF_P5);
    p = fmaf(p, t, ERF_P4);
    p = fmaf(p, t, ERF_P3);
    p = fmaf(p, t, ERF_P2);
    p = fmaf(p, t, ERF_P1);
    p = fmaf(p, t, ERF_P0);
    float q = ERF_Q4;
    q = fmaf(q, t, ERF_Q3);
    q = fmaf(q, t, ERF_Q2);
    q = fmaf(q, t, ERF_Q1);
    q = fmaf(q, t, 1.0f);
    return limited * p / q;
}

static inline float hyperbolic_tangent(float x) {
    float size = fabsf(x);
    if (size < TANH_SMALL) {
        float t = x * x;
        float r = TANH_R4;
        r = fmaf(r, t, TANH_R3);
        r = fmaf(r, t, TANH_R2);
        r = fmaf(r, t, TANH_R1);
        r = fmaf(r, t, TANH_R0);
        return fmaf(x * t, r, x);
    }
    return copysignf(1.0f - 2.0f / (exponential(size + size) + 1.0f), x);
}

static inline float activated(kernels_activation activation, float x) {
    switch (activation) {
        case kernels_gelu_tanh: {
            float cubic = fmaf(x * x, GELU_CUBIC, 1.0f) * x;
            return x / (1.0f + exponential(cubic * -GELU_2_SQRT_2_OVER_PI));
        }
        case kernels_gelu_erf: return (x * 0.5f) * (1.0f + error_function(x * GELU_SQRT_HALF));
        case kernels_relu: return x < 0.0f ? 0.0f : x;
        case kernels_silu: return x / (1.0f + exponential(-x));
        case kernels_tanh: return hyperbolic_tangent(x);
        default: return x;
    }
}

/// The derivative of x sigmoid(a), `slope` that of a. exp(-|a|) never overflows.
static inline float gated_derivative(float x, float a, float slope) {
    float e = exponential(-fabsf(a));
    float large = 1.0f / (1.0f + e), small = e * large;
    return fmaf(x * slope, small * large, a < 0.0f ? small : large);
}

static inline float within(float limit, float x) { return x < -limit ? -limit : x > limit ? limit : x; }

static inline float derivative(kernels_activation activation, float x) {
    switch (activation) {
        case kernels_gelu_tanh: {
            x = within(GELU_LIMIT, x);
            float a = (fmaf(x * x, GELU_CUBIC, 1.0f) * x) * GELU_2_SQRT_2_OVER_PI;
            return gated_derivative(x, a, fmaf(x * x, GELU_SLOPE_SQUARE, GELU_2_SQRT_2_OVER_PI));
        }
        case kernels_gelu_erf: {
            x = within(GELU_LIMIT, x);
            float below = (1.0f + error_function(x * GELU_SQRT_HALF)) * 0.5f;
            return fmaf(x * NORMAL_DENSITY, exponential((x * x) * -0.5f), below);
        }
        case kernels_relu: return x <= 0.0f ? 0.0f : x > 0.0f ? 1.0f : x;
        case kernels_silu: {
            x = within(SILU_LIMIT, x);
            return gated_derivative(x, x, 1.0f);
        }
        case kernels_tanh: {  // 4 e / (1 + e)^2, e = exp(-2 |x|): 1 - tanh^2 would cancel
            float e = exponential(fabsf(x) * -2.0f);
            float large = 1.0f / (1.0f + e);
            return (e * 4.0f) * (large * large);
        }
        default: return 1.0f;
    }
}

/// Lane l takes lane l + 8, l + 4, l + 2, l + 1 in turn.
static inline float sum_of_lanes(float *lanes) {
    for (int half = 8; half > 0; half /= 2) {
        for (int l = 0; l < half; l++) lanes[l] += lanes[l + half];
    }
    return lanes[0];
}
