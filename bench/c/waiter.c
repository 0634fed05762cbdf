/*
 * The least that a hand-over can take: a process blocked in F_OFD_SETLKW that does nothing else.
 *
 * usage: waiter FILE
 * Each line on stdin is a number of microseconds: lets them pass, waits for the lock, gives it back at
 * once and answers with the CLOCK_MONOTONIC nanoseconds before and after the wait, and for how many
 * nanoseconds meanwhile it could have run, and had no processor to run on.
 */

#define _GNU_SOURCE
#include "monotonic.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The second number of /proc/self/schedstat; 0 where the kernel keeps no such account. */
static long long kept_from_running(void) {
    long long running, waiting = 0;
    FILE *file = fopen("/proc/self/schedstat", "re");
    if (!file) return 0;
    if (fscanf(file, "%lld %lld", &running, &waiting) != 2) waiting = 0;
    fclose(file);
    return waiting;
}

int main(int argc, char **argv) {
    char line[32];
    if (argc != 2) return 2;
    while (fgets(line, sizeof line, stdin)) {
        struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int fd = open(argv[1], O_RDWR | O_CLOEXEC);
        usleep(atol(line));
        long long kept_before = kept_from_running();
        long long asked = monotonic();
        if (fd == -1 || fcntl(fd, F_OFD_SETLKW, &whole) == -1) {
            perror(argv[1]);
            return 1;
        }
        long long granted = monotonic();
        close(fd);
        printf("%lld %lld %lld\n", asked, granted, kept_from_running() - kept_before);
        fflush(stdout);
    }
    return 0;
}
