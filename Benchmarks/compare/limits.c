// What this machine allows: bytes read from memory and float32 multiply-adds a second, with as many threads as asked.
// cc -O3 -march=native -pthread limits.c -o limits && ./limits [threads] [seconds] [bytes that are read again and again]
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MEGABYTES 500 // as many as the weights that one token of the 124M shape reads
#define STREAMS 4

// The widest vectors, which have the highest peak.
#if defined(__AVX512F__)
#define LANES 16
#else
#define LANES 8
#endif
typedef float vec __attribute__((vector_size(4 * LANES)));

struct job {
    const vec *memory;
    size_t count;
    double seconds, work;
    vec sink;
};

static atomic_int waiting;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

static void start_together(void) {
    atomic_fetch_sub(&waiting, 1);
    while (atomic_load(&waiting) > 0) {}
}

// Several far streams: one alone does not fill a core's line buffers.
static inline __attribute__((always_inline)) void *read_memory(struct job *job, const int asking) {
    size_t part = job->count / STREAMS;
    vec sum[STREAMS][2] = {0};
    start_together();
    double start = now(), passes = 0;
    do {
        for (size_t i = 0; i + 2 <= part; i += 2)
            for (int s = 0; s < STREAMS; s++) {
                const vec *at = job->memory + s * part + i;
                for (size_t line = 0; asking && line < 2 * sizeof(vec); line += 64) __builtin_prefetch((const char *)at + 1024 + line);
                sum[s][0] += at[0];
                sum[s][1] += at[1];
            }
        passes++;
    } while (now() - start < job->seconds);
    job->work = passes * part * STREAMS * sizeof(vec) / (now() - start);
    for (int s = 0; s < STREAMS; s++) job->sink += sum[s][0] + sum[s][1];
    return NULL;
}

// Which of the two is faster depends on the processor: Zen 3 wants to be asked, Zen 4 foresees the streams by itself.
static void *read_asking(void *argument) { return read_memory(argument, 1); }
static void *read_plainly(void *argument) { return read_memory(argument, 0); }

// Twelve independent chains hide the latency of a multiply-add on two ports.
static void *multiply_add(void *argument) {
    struct job *job = argument;
    vec a[12], x, y;
    for (int i = 0; i < LANES; i++) x[i] = 0.999f, y[i] = 0.001f;
    for (int i = 0; i < 12; i++) a[i] = x + (float)i;
    start_together();
    double start = now(), rounds = 0;
    do {
        for (int n = 0; n < 100000; n++) {
#pragma GCC unroll 12
            for (int i = 0; i < 12; i++) a[i] = a[i] * x + y;
            // Without this the loop could be folded.
            __asm__ volatile("" : "+v"(x), "+v"(y));
        }
        rounds++;
    } while (now() - start < job->seconds);
    job->work = rounds * 100000 * 12 * LANES * 2 / (now() - start);
    for (int i = 0; i < 12; i++) job->sink += a[i];
    return NULL;
}

static double measure(void *(*body)(void *), int threads, double seconds, const vec *memory, size_t count) {
    pthread_t team[64];
    struct job jobs[64];
    memset(jobs, 0, sizeof jobs);
    atomic_store(&waiting, threads);
    for (int t = 0; t < threads; t++) {
        jobs[t] = (struct job){memory + t * (count / threads), count / threads, seconds};
        if (pthread_create(&team[t], NULL, body, &jobs[t])) exit(1);
    }
    double total = 0;
    for (int t = 0; t < threads; t++) {
        pthread_join(team[t], NULL);
        total += jobs[t].work;
    }
    return total;
}

static double best_read(int threads, double seconds, const vec *memory, size_t bytes) {
    double asked = measure(read_asking, threads, seconds, memory, bytes / sizeof(vec));
    double plain = measure(read_plainly, threads, seconds, memory, bytes / sizeof(vec));
    return plain > asked ? plain : asked;
}

int main(int argc, char **argv) {
    int threads = argc > 1 ? atoi(argv[1]) : 2;
    double seconds = argc > 2 ? atof(argv[2]) : 1;
    size_t bytes = (size_t)MEGABYTES << 20, near_bytes = argc > 3 ? (size_t)atol(argv[3]) : 16 << 20;
    if (threads < 1 || threads > 64 || near_bytes < 1 << 20 || near_bytes > bytes) return 64;
    vec *memory = aligned_alloc(4096, bytes);
    if (!memory) return 1;
    memset(memory, 1, bytes); // distinct pages, not the one page of zeros
    double read = best_read(threads, seconds, memory, bytes), near = best_read(threads, seconds, memory, near_bytes);
    double flops = measure(multiply_add, threads, seconds, NULL, 0);
    printf("{\"threads\": %d, \"read_gb_s\": %.2f, \"near_read_gb_s\": %.2f, \"fma_gflop_s\": %.1f}\n", threads, read / 1e9,
           near / 1e9, flops / 1e9);
    return 0;
}
