#include "checks.h"

#define LIST(checks) ((kernel_check_list){checks, sizeof(checks) / sizeof((checks)[0])})

static const kernel_check twins[] = {
    {"matmul, every shape", check_matmul_shapes},
    {"matmul, every epilogue", check_matmul_epilogues},
    {"matmul, special values", check_matmul_special},
    {"matmul, exact buffers", check_matmul_bounds},
    {"layer norm", check_layer_norm},
    {"softmax", check_softmax},
    {"activations, every length", check_activate},
    {"activations, every 997th float", check_activate_sweep},
    {"widening of f16", check_widen_f16},
    {"widening of bf16", check_widen_bf16},
};
kernel_check_list kernel_twins(void) { return LIST(twins); }

static const kernel_check accuracy[] = {
    {"matmul", check_matmul_accuracy},
    {"layer norm", check_layer_norm_accuracy},
    {"softmax", check_softmax_accuracy},
    {"exponential, every 97th float", check_exponential_accuracy},
    {"activations, every 997th float", check_activation_accuracy},
    {"widening of f16", check_widen_f16_accuracy},
    {"widening of bf16", check_widen_bf16_accuracy},
};
kernel_check_list kernel_accuracy(void) { return LIST(accuracy); }

static const kernel_check helpers[] = {
    {"packing of rows", check_pack_rows},
    {"finiteness", check_all_finite},
    {"names", check_names},
};
kernel_check_list kernel_helpers(void) { return LIST(helpers); }
