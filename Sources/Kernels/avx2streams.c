/// AVX2 on processors that foresee several streams by themselves: AMD's since Zen 3 (docs/decisions/0014-who-asks-ahead.md).
#define WITH_STREAMS
#include "avx2.c"
