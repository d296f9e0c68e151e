/// exp, erf, tanh, the activations and their derivatives on one vector: scalar/functions.h's steps, lane by lane.

static ALWAYS_INLINE V exponential(V x) {
    V shifted = v_fma(x, v_set1(EXP_LOG2E), v_set1(EXP_MAGIC));
    V n = v_sub(shifted, v_set1(EXP_MAGIC));
    V r = v_fma(n, v_set1(-EXP_LN2_HIGH), x);
    r = v_fma(n, v_set1(-EXP_LN2_LOW), r);
    V q = v_set1(EXP_Q4);
    q = v_fma(q, r, v_set1(EXP_Q3));
    q = v_fma(q, r, v_set1(EXP_Q2));
    q = v_fma(q, r, v_set1(EXP_Q1));
    q = v_fma(q, r, v_set1(EXP_Q0));
    V power = v_scale_by_power(v_add(v_fma(q, v_mul(r, r), r), v_set1(1.0f)), shifted);
    V above = v_select_less(v_set1(EXP_HIGHEST), x, v_set1(INFINITY), power);
    return v_keep_nan(x, v_select_less(x, v_set1(EXP_LOWEST), v_zero(), above));
}

static ALWAYS_INLINE V error_function(V z) {
    V limited = v_min(v_max(z, v_set1(-ERF_LIMIT)), v_set1(ERF_LIMIT));
    V t = v_mul(limited, limited);
    V p = v_set1(ERF_P6);
    p = v_fma(p, t, v_set1(ERF_P5));
    p = v_fma(p, t, v_set1(ERF_P4));
    p = v_fma(p, t, v_set1(ERF_P3));
    p = v_fma(p, t, v_set1(ERF_P2));
    p = v_fma(p, t, v_set1(ERF_P1));
    p = v_fma(p, t, v_set1(ERF_P0));
    V q = v_set1(ERF_Q4);
    q = v_fma(q, t, v_set1(ERF_Q3));
    q = v_fma(q, t, v_set1(ERF_Q2));
    q = v_fma(q, t, v_set1(ERF_Q1));
    q = v_fma(q, t, v_set1(1.0f));
    return v_keep_nan(z, v_div(v_mul(limited, p), q));
}

static ALWAYS_INLINE V hyperbolic_tangent(V x) {
    V size = v_abs(x), t = v_mul(x, x);
    V r = v_set1(TANH_R4);
    r = v_fma(r, t, v_set1(TANH_R3));
    r = v_fma(r, t, v_set1(TANH_R2));
    r = v_fma(r, t, v_set1(TANH_R1));
    r = v_fma(r, t, v_set1(TANH_R0));
    V small = v_fma(v_mul(x, t), r, x);
    V one = v_set1(1.0f);
    V large = v_sub(one, v_div(v_set1(2.0f), v_add(exponential(v_add(size, size)), one)));
    return v_select_less(size, v_set1(TANH_SMALL), small, v_copysign(large, x));
}

static ALWAYS_INLINE V activated(kernels_activation activation, V x) {
    V one = v_set1(1.0f);
    switch (activation) {
        case kernels_gelu_tanh: {
            V cubic = v_mul(v_fma(v_mul(x, x), v_set1(GELU_CUBIC), one), x);
            return v_div(x, v_add(one, exponential(v_mul(cubic, v_set1(-GELU_2_SQRT_2_OVER_PI)))));
        }
        case kernels_gelu_erf:
            return v_mul(v_mul(x, v_set1(0.5f)), v_add(one, error_function(v_mul(x, v_set1(GELU_SQRT_HALF)))));
        case kernels_relu: return v_select_less(x, v_zero(), v_zero(), x);
        case kernels_silu: return v_div(x, v_add(one, exponential(v_negate(x))));
        case kernels_tanh: return hyperbolic_tangent(x);
        default: return x;
    }
}

static ALWAYS_INLINE V gated_derivative(V x, V a, V slope) {
    V one = v_set1(1.0f), e = exponential(v_negate(v_abs(a)));
    V large = v_div(one, v_add(one, e)), small = v_mul(e, large);
    return v_fma(v_mul(x, slope), v_mul(small, large), v_select_less(a, v_zero(), small, large));
}

static ALWAYS_INLINE V within(float limit, V x) { return v_min(v_max(x, v_set1(-limit)), v_set1(limit)); }

static ALWAYS_INLINE V derivative(kernels_activation activation, V x) {
    V one = v_set1(1.0f);
    switch (activation) {
        case kernels_gelu_tanh: {
            V limited = within(GELU_LIMIT, x), square = v_mul(limited, limited), factor = v_set1(GELU_2_SQRT_2_OVER_PI);
            V a = v_mul(v_mul(v_fma(square, v_set1(GELU_CUBIC), one), limited), factor);
            return v_keep_nan(x, gated_derivative(limited, a, v_fma(square, v_set1(GELU_SLOPE_SQUARE), factor)));
        }
        case kernels_gelu_erf: {
            V limited = within(GELU_LIMIT, x), half = v_set1(0.5f);
            V below = v_mul(v_add(one, error_function(v_mul(limited, v_set1(GELU_SQRT_HALF)))), half);
            V power = exponential(v_mul(v_mul(limited, limited), v_negate(half)));
            return v_keep_nan(x, v_fma(v_mul(limited, v_set1(NORMAL_DENSITY)), power, below));
        }
        case kernels_relu: return v_keep_nan(x, v_select_less(v_zero(), x, one, v_zero()));
        case kernels_silu: {
            V limited = within(SILU_LIMIT, x);
            return v_keep_nan(x, gated_derivative(limited, limited, one));
        }
        case kernels_tanh: {
            V e = exponential(v_mul(v_abs(x), v_set1(-2.0f)));
            V large = v_div(one, v_add(one, e));
            return v_mul(v_mul(e, v_set1(4.0f)), v_mul(large, large));
        }
        default: return one;
    }
}
