/*
 * The other process of many waits: holds the locks on many files, and gives all of them back at
 * a known time.
 *
 * usage: many-holder DIRECTORY
 * "hold N" on stdin takes the locks on the files 0.ref to N-1.ref, which are made if missing, and is
 * answered by "held"; "release" by the CLOCK_MONOTONIC nanoseconds at which the first of them was
 * about to be released, and at which the last one was.
 */

#define _GNU_SOURCE
#include "monotonic.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static int *held;
static int count;

/* As the runtimes of JavaScript do when they start. */
static void allow_many_files(void) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

static void hold(void) {
    char name[32];
    held = realloc(held, count * sizeof *held);
    for (int i = 0; i < count; i++) {
        struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        snprintf(name, sizeof name, "%d.ref", i);
        held[i] = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (held[i] == -1 || fcntl(held[i], F_OFD_SETLKW, &whole) == -1) {
            perror(name);
            exit(1);
        }
    }
}

static void release(void) {
    long long began = monotonic();
    for (int i = 0; i < count; i++) close(held[i]);
    long long ended = monotonic();
    /* The answer to a few must not wake the reader while it is being measured. */
    usleep(2000);
    printf("%lld %lld\n", began, ended);
}

int main(int argc, char **argv) {
    char line[32];
    if (argc != 2) return 2;
    if (chdir(argv[1]) == -1) {
        perror(argv[1]);
        return 1;
    }
    allow_many_files();
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "hold %d", &count) == 1) {
            hold();
            puts("held");
        } else {
            release();
        }
        fflush(stdout);
    }
    return 0;
}
