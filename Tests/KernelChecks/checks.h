#ifndef CHECKS_H
#define CHECKS_H

#include "include/KernelChecks.h"

void check_matmul_shapes(const kernels_table *table, kernel_report *report);
void check_matmul_epilogues(const kernels_table *table, kernel_report *report);
void check_matmul_special(const kernels_table *table, kernel_report *report);
void check_matmul_bounds(const kernels_table *table, kernel_report *report);
void check_layer_norm(const kernels_table *table, kernel_report *report);
void check_softmax(const kernels_table *table, kernel_report *report);
void check_block_maxima(const kernels_table *table, kernel_report *report);
void check_multiply_adds(const kernels_table *table, kernel_report *report);
void check_activate(const kernels_table *table, kernel_report *report);
void check_activate_sweep(const kernels_table *table, kernel_report *report);
void check_widen_f16(const kernels_table *table, kernel_report *report);
void check_widen_bf16(const kernels_table *table, kernel_report *report);
void check_narrow_f16(const kernels_table *table, kernel_report *report);
void check_matmul_tiles(const kernels_table *table, kernel_report *report);
void check_matmul_f16(const kernels_table *table, kernel_report *report);
void check_matmul_bytes(const kernels_table *table, kernel_report *report);
void check_pack_q8(const kernels_table *table, kernel_report *report);
void check_pack_q4(const kernels_table *table, kernel_report *report);
void check_quantize_row(const kernels_table *table, kernel_report *report);
void check_matmul_q8(const kernels_table *table, kernel_report *report);
void check_matmul_q4(const kernels_table *table, kernel_report *report);

void check_activate_backward(const kernels_table *table, kernel_report *report);
void check_activate_backward_sweep(const kernels_table *table, kernel_report *report);
void check_layer_norm_backward(const kernels_table *table, kernel_report *report);
void check_layer_norm_parameters(const kernels_table *table, kernel_report *report);
void check_softmax_backward(const kernels_table *table, kernel_report *report);
void check_cross_entropy(const kernels_table *table, kernel_report *report);
void check_add_scaled(const kernels_table *table, kernel_report *report);
void check_multiply(const kernels_table *table, kernel_report *report);
void check_sum_of_squares(const kernels_table *table, kernel_report *report);
void check_adamw(const kernels_table *table, kernel_report *report);
void check_dropout(const kernels_table *table, kernel_report *report);

void check_transpose(const kernels_table *table, kernel_report *report);
void check_pack_columns(const kernels_table *table, kernel_report *report);
void check_pack_rows(const kernels_table *table, kernel_report *report);

void check_matmul_accuracy(const kernels_table *table, kernel_report *report);
void check_layer_norm_accuracy(const kernels_table *table, kernel_report *report);
void check_softmax_accuracy(const kernels_table *table, kernel_report *report);
void check_multiply_adds_accuracy(const kernels_table *table, kernel_report *report);
void check_exponential_accuracy(const kernels_table *table, kernel_report *report);
void check_activation_accuracy(const kernels_table *table, kernel_report *report);
void check_widen_f16_accuracy(const kernels_table *table, kernel_report *report);
void check_widen_bf16_accuracy(const kernels_table *table, kernel_report *report);
void check_narrow_f16_accuracy(const kernels_table *table, kernel_report *report);
void check_pack_q8_accuracy(const kernels_table *table, kernel_report *report);
void check_pack_q4_accuracy(const kernels_table *table, kernel_report *report);
void check_quantize_row_accuracy(const kernels_table *table, kernel_report *report);
void check_matmul_q8_accuracy(const kernels_table *table, kernel_report *report);
void check_matmul_q4_accuracy(const kernels_table *table, kernel_report *report);
void check_derivative_accuracy(const kernels_table *table, kernel_report *report);
void check_layer_norm_backward_accuracy(const kernels_table *table, kernel_report *report);
void check_softmax_backward_accuracy(const kernels_table *table, kernel_report *report);
void check_cross_entropy_accuracy(const kernels_table *table, kernel_report *report);
void check_sum_of_squares_accuracy(const kernels_table *table, kernel_report *report);
void check_adamw_accuracy(const kernels_table *table, kernel_report *report);
void check_dropout_words(const kernels_table *table, kernel_report *report);

void check_all_finite(const kernels_table *table, kernel_report *report);
void check_bytes(const kernels_table *table, kernel_report *report);
void check_names(const kernels_table *table, kernel_report *report);

#endif
