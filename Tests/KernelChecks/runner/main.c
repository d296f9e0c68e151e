/// The checks as a program, for cross-compiling: kernel-checks [--brief] [TABLE].
/// Without TABLE, every table that runs here; --brief takes fewer depths of matmul, for an emulator.
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../include/KernelChecks.h"

static size_t run_all(const char *title, kernel_check_list list, const kernels_table *table, int brief) {
    size_t faults = 0;
    for (size_t i = 0; i < list.count; i++) {
        kernel_report report = {.brief = brief};
        clock_t start = clock();
        list.checks[i].run(table, &report);
        double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
        printf("%-8s %-10s %-32s %12zu values  %5.1f s  %s\n", table->name, title, list.checks[i].name, report.compared, seconds,
               report.faults ? "WRONG" : "ok");
        if (report.faults) printf("    %zu wrong; the first: %s\n", report.faults, report.first_fault);
        fflush(stdout);
        faults += report.faults;
    }
    return faults;
}

int main(int argc, char **argv) {
    static const char *const names[] = {"scalar",     "avx2",      "avx2streams", "avx512",
                                        "avx512vnni", "avx512amx", "neon",        "neon-dotprod"};
    int brief = argc > 1 && strcmp(argv[1], "--brief") == 0;
    const char *wanted = argc > 1 + brief ? argv[1 + brief] : NULL;
    size_t faults = 0, tables = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (wanted && strcmp(wanted, names[i]) != 0) continue;
        const kernels_table *table = kernels_named(names[i]);
        if (!table) {
            printf("%-8s skipped: not for this processor\n", names[i]);
            continue;
        }
        tables++;
        if (strcmp(names[i], "scalar") == 0) {
            faults += run_all("accuracy", kernel_accuracy(), table, brief);
            faults += run_all("helper", kernel_helpers(), table, brief);
        } else {
            faults += run_all("twin", kernel_twins(), table, brief);
        }
    }
    return tables == 0 ? 2 : faults != 0;
}
