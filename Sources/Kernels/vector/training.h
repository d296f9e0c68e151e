/// The backward passes, the loss and the optimizer over one row: still the scalar twins.

static void activate_backward(size_t count, kernels_activation activation, const float *x, const float *dy, float *dx) {
    kernels_scalar.activate_backward(count, activation, x, dy, dx);
}
static void layer_norm_backward(size_t count, const float *x, const float *statistics, const float *gain, const float *dy,
                                float *dx) {
    kernels_scalar.layer_norm_backward(count, x, statistics, gain, dy, dx);
}
static void layer_norm_parameters(size_t count, const float *x, const float *statistics, const float *dy, float *dgain,
                                  float *dbias) {
    kernels_scalar.layer_norm_parameters(count, x, statistics, dy, dgain, dbias);
}
static void softmax_backward(size_t count, float scale, const float *y, float *dy) {
    kernels_scalar.softmax_backward(count, scale, y, dy);
}
static void add_scaled(size_t count, float scale, const float *x, float *y) { kernels_scalar.add_scaled(count, scale, x, y); }
static float cross_entropy(size_t count, size_t target, const float *weight, float *x) {
    return kernels_scalar.cross_entropy(count, target, weight, x);
}
static double sum_of_squares(size_t count, const float *x) { return kernels_scalar.sum_of_squares(count, x); }
static void adamw(size_t count, const kernels_adamw *step, const float *gradient, float *parameters, float *m, float *v) {
    kernels_scalar.adamw(count, step, gradient, parameters, m, v);
}
static void dropout(size_t count, uint64_t seed, uint64_t stream, uint64_t position, uint32_t threshold, float scale,
                    const float *x, float *y) {
    kernels_scalar.dropout(count, seed, stream, position, threshold, scale, x, y);
}
static void transpose(size_t rows, size_t columns, const float *x, ptrdiff_t x_stride, float *y, ptrdiff_t y_stride) {
    kernels_scalar.transpose(rows, columns, x, x_stride, y, y_stride);
}
static void pack_columns(size_t depth, size_t valid, const float *x, ptrdiff_t x_stride, float *panel) {
    kernels_scalar.pack_columns(depth, valid, x, x_stride, panel);
}
static void pack_rows(size_t depth, size_t valid, const float *x, ptrdiff_t x_stride, float *panel) {
    kernels_scalar.pack_rows(depth, valid, x, x_stride, panel);
}
