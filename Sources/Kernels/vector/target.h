/// Compiles what stands between BEGIN_TARGET and END_TARGET for an instruction set that the rest of the package must
/// not assume, and keeps the compiler from fusing what the scalar twin does not fuse.
#ifndef KERNELS_TARGET_H
#define KERNELS_TARGET_H

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define PRAGMA(text) _Pragma(#text)

#if defined(__clang__)
#define BEGIN_TARGET(features) \
    PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define END_TARGET PRAGMA(clang attribute pop)
#define UNROLL PRAGMA(clang loop unroll(full))
#define UNROLL_BY_4 PRAGMA(clang loop unroll_count(4))
#pragma STDC FP_CONTRACT OFF
#else
#define BEGIN_TARGET(features) PRAGMA(GCC push_options) PRAGMA(GCC target(features))
#define END_TARGET PRAGMA(GCC pop_options)
#define UNROLL PRAGMA(GCC unroll 24)
#define UNROLL_BY_4 PRAGMA(GCC unroll 4)
#endif

#endif
