/// AVX2 on processors that foresee several streams by themselves: AMD's since Zen 3, and Intel's.
#define WITH_STREAMS
#include "avx2.c"
