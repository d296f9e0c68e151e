/// The tables that dispatch.c chooses from; each is compiled where its instruction set can be.
#ifndef KERNELS_TABLES_H
#define KERNELS_TABLES_H

#include "include/Kernels.h"

/// Each table is the functions of these names in its file.
#define KERNELS_TABLE(NAME) \
    { \
        .name = (NAME), \
        .matmul = matmul, \
        .matmul_f16 = matmul_f16, \
        .matmul_bytes = matmul_bytes, \
        .pack_tiles = pack_tiles, \
        .matmul_tiles = matmul_tiles, \
        .matmul_tiles_f16 = matmul_tiles_f16, \
        .layer_norm = layer_norm, \
        .softmax = softmax, \
        .block_maxima = block_maxima, \
        .activate = activate, \
        .multiply = multiply_elements, \
        .widen_f16 = widen_f16, \
        .widen_bf16 = widen_bf16, \
        .quantize_row = quantize_row, \
        .pack_q8 = pack_q8, \
        .pack_q4 = pack_q4, \
        .matmul_q8 = matmul_q8, \
        .matmul_q4 = matmul_q4, \
        .narrow_f16 = narrow_f16, \
        .activate_backward = activate_backward, \
        .layer_norm_backward = layer_norm_backward, \
        .layer_norm_parameters = layer_norm_parameters, \
        .softmax_backward = softmax_backward, \
        .add_scaled = add_scaled, \
        .cross_entropy = cross_entropy, \
        .sum_of_squares = sum_of_squares, \
        .adamw = adamw, \
        .dropout = dropout, \
        .transpose = transpose, \
        .pack_columns = pack_columns, \
        .pack_rows = pack_rows, \
        .multiply_adds = multiply_adds, \
    }

extern const kernels_table kernels_scalar;
#if defined(__x86_64__)
extern const kernels_table kernels_avx2;
extern const kernels_table kernels_avx2streams;
extern const kernels_table kernels_avx512;
extern const kernels_table kernels_avx512vnni;
extern const kernels_table kernels_avx512amx;
#elif defined(__aarch64__)
extern const kernels_table kernels_neon;
extern const kernels_table kernels_neon_dotprod;
#endif

#endif
