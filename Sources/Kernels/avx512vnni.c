/// AVX-512 with products of bytes (VNNI), as processors since 2019 have it.
#define WITH_VNNI
#include "avx512.c"
