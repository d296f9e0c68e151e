#include "checks.h"

#define LIST(checks) ((kernel_check_list){checks, sizeof(checks) / sizeof((checks)[0])})

static const kernel_check twins[] = {
    {"matmul, every shape", check_matmul_shapes},
    {"matmul, every epilogue", check_matmul_epilogues},
    {"matmul, special values", check_matmul_special},
    {"matmul, exact buffers", check_matmul_bounds},
    {"matmul of tiles", check_matmul_tiles},
    {"layer norm", check_layer_norm},
    {"softmax", check_softmax},
    {"maxima of blocks", check_block_maxima},
    {"multiply-adds", check_multiply_adds},
    {"activations, every length", check_activate},
    {"activations, every 997th float", check_activate_sweep},
    {"widening of f16", check_widen_f16},
    {"widening of bf16", check_widen_bf16},
    {"narrowing to f16", check_narrow_f16},
    {"matmul of f16", check_matmul_f16},
    {"matmul of bytes", check_matmul_bytes},
    {"packing of q8", check_pack_q8},
    {"packing of q4", check_pack_q4},
    {"quantising of rows", check_quantize_row},
    {"matmul of q8", check_matmul_q8},
    {"matmul of q4", check_matmul_q4},
    {"derivatives, every length", check_activate_backward},
    {"derivatives, every 997th float", check_activate_backward_sweep},
    {"layer norm, backward", check_layer_norm_backward},
    {"layer norm, parameters", check_layer_norm_parameters},
    {"softmax, backward", check_softmax_backward},
    {"cross-entropy", check_cross_entropy},
    {"scaled sum", check_add_scaled},
    {"products", check_multiply},
    {"sum of squares", check_sum_of_squares},
    {"AdamW", check_adamw},
    {"dropout", check_dropout},
    {"transpose", check_transpose},
    {"packing of columns", check_pack_columns},
    {"packing of rows", check_pack_rows},
};
kernel_check_list kernel_twins(void) { return LIST(twins); }

static const kernel_check accuracy[] = {
    {"matmul", check_matmul_accuracy},
    {"layer norm", check_layer_norm_accuracy},
    {"softmax", check_softmax_accuracy},
    {"multiply-adds", check_multiply_adds_accuracy},
    {"exponential, every 97th float", check_exponential_accuracy},
    {"activations, every 997th float", check_activation_accuracy},
    {"widening of f16", check_widen_f16_accuracy},
    {"widening of bf16", check_widen_bf16_accuracy},
    {"narrowing to f16", check_narrow_f16_accuracy},
    {"matmul of f16", check_matmul_f16},
    {"matmul of bytes", check_matmul_bytes},
    {"packing of q8", check_pack_q8_accuracy},
    {"packing of q4", check_pack_q4_accuracy},
    {"quantising of rows", check_quantize_row_accuracy},
    {"matmul of q8", check_matmul_q8_accuracy},
    {"matmul of q4", check_matmul_q4_accuracy},
    {"derivatives, every 997th float", check_derivative_accuracy},
    {"layer norm, backward", check_layer_norm_backward_accuracy},
    {"softmax, backward", check_softmax_backward_accuracy},
    {"cross-entropy and logarithm", check_cross_entropy_accuracy},
    {"sum of squares", check_sum_of_squares_accuracy},
    {"AdamW", check_adamw_accuracy},
    {"dropout's words", check_dropout_words},
    {"transpose", check_transpose},
    {"packing of columns", check_pack_columns},
    {"packing of rows", check_pack_rows},
};
kernel_check_list kernel_accuracy(void) { return LIST(accuracy); }

static const kernel_check helpers[] = {
    {"finiteness", check_all_finite},
    {"bytes for floats", check_bytes},
    {"names", check_names},
};
kernel_check_list kernel_helpers(void) { return LIST(helpers); }
