#include <time.h>

/* CLOCK_MONOTONIC in nanoseconds: one clock for all processes of the machine. */
static long long monotonic(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}
