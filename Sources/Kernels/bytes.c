/// Keys and values as bytes. The compiler makes vectors of plain loops here, and to write a position takes little beside what reads it.
#include <math.h>
#include <string.h>

#include "functions.h"
#include "include/Kernels.h"

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

float kernels_bytes(size_t count, const float *x, int8_t *y) {
    int32_t largest = 0;  // the bits of a size, which are ordered as sizes are, infinity and what is no number last
    for (size_t i = 0; i < count; i++) {
        int32_t bits;
        memcpy(&bits, &x[i], 4);
        bits &= 0x7fffffff;
        largest = bits > largest ? bits : largest;
    }
    float size;
    memcpy(&size, &largest, 4);
    if (!(size > QUANT_SMALLEST && size < INFINITY)) {
        memset(y, 0, count);
        return size <= QUANT_SMALLEST ? 0 : NAN;
    }
    float scale = size / 127.0f;
    uint32_t significant;
    memcpy(&significant, &scale, 4);
    significant = (significant + 0x80) & ~0xffu;
    memcpy(&scale, &significant, 4);
    const float inverse = 1.0f / scale;
    for (size_t i = 0; i < count; i++) {
        float shifted = x[i] * inverse + 0x1.8p23f;  // rounds to an integer, which is in its last bits
        int32_t bits;
        memcpy(&bits, &shifted, 4);
        y[i] = (int8_t)(bits - 0x4b400000);
    }
    return scale;
}
