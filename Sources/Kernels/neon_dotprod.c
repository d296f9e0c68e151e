/// NEON with products of bytes, as ARM processors since 2018 have it.
#define WITH_DOTPROD
#include "neon.c"
