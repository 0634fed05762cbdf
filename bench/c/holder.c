/*
 * The other process of a hand-over: takes the lock when told so, and gives it back at a known
 * time when somebody is surely blocked on it. It takes that of fcntl(2) and that of flock(2), which
 * both end when the descriptor closes: whoever waits waits for one of them.
 *
 * usage: holder FILE
 * "hold" on stdin is answered by "held"; "release" by the CLOCK_MONOTONIC nanoseconds at which
 * the lock was about to be released.
 */

#define _GNU_SOURCE
#include "monotonic.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static char locks[1 << 20];

/* Whether /proc/locks has a line like "1: -> OFDLCK ADVISORY  WRITE -1 fe:00:1234 0 EOF". */
static int has_waiter(unsigned long inode) {
    char end_of_id[32];
    size_t length = 0;
    ssize_t part;
    int fd = open("/proc/locks", O_RDONLY | O_CLOEXEC);
    if (fd == -1) {
        perror("/proc/locks");
        exit(1);
    }
    while ((part = read(fd, locks + length, sizeof locks - 1 - length)) > 0) length += part;
    close(fd);
    locks[length] = '\0';
    snprintf(end_of_id, sizeof end_of_id, ":%lu ", inode);
    for (char *line = strtok(locks, "\n"); line; line = strtok(NULL, "\n"))
        if (strstr(line, "-> ") && strstr(line, end_of_id)) return 1;
    return 0;
}

static int hold(const char *path) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd == -1 || fcntl(fd, F_OFD_SETLKW, &whole) == -1 || flock(fd, LOCK_EX) == -1) {
        perror(path);
        exit(1);
    }
    return fd;
}

static long long release(int fd) {
    struct stat file;
    fstat(fd, &file);
    for (int tries = 0; !has_waiter(file.st_ino); tries++) {
        if (tries == 100000) {
            fprintf(stderr, "nobody waits for the lock\n");
            exit(1);
        }
        usleep(100);
    }
    /* Whoever waits must be idle when the lock comes, and not be met at always the same moment. */
    usleep(300 + random() % 1000);
    long long released = monotonic();
    close(fd);
    /* The answer must not wake the reader while it is being measured. */
    usleep(2000);
    return released;
}

int main(int argc, char **argv) {
    char line[32];
    int fd = -1;
    if (argc != 2) return 2;
    srandom(getpid());
    while (fgets(line, sizeof line, stdin)) {
        if (strcmp(line, "hold\n") == 0) {
            fd = hold(argv[1]);
            puts("held");
        } else {
            printf("%lld\n", release(fd));
        }
        fflush(stdout);
    }
    return 0;
}
