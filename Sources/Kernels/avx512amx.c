/// AVX-512 with VNNI, and with tiles of bytes (AMX), as Intel's servers since 2023 have them.
#define WITH_VNNI
#define WITH_AMX
#include "avx512.c"
