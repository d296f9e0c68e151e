// Included before llama.cpp's C++ sources. GCC 12 takes _tile_loadconfig to read 8 bytes of the 64, and leaves out the writes of
// the others: on a processor with AMX, llama.cpp then ends with an illegal instruction.
#if defined(__AMX_TILE__)
#include <immintrin.h>
#define _tile_loadconfig(configuration) __asm__ volatile("ldtilecfg %0" : : "m"(*(const char(*)[64])(configuration)))
#endif
