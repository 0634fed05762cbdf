/*
 * The system calls of an uncontended tryLock() and release(), made from C: what no engine can
 * beat that checks identity. Flags, masks and their order are those of src/linux and src/lock;
 * whoever changes them there changes them here.
 *
 * usage: uncontended FILE
 * For each number N on stdin: does it N times and answers with the nanoseconds that took.
 */

#define _GNU_SOURCE
#include "monotonic.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void lock_and_release(const char *path) {
    struct statx opened, named;
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd == -1 || statx(fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_INO, &opened) == -1 ||
        fcntl(fd, F_OFD_SETLK, &whole) == -1 ||
        statx(AT_FDCWD, path, 0, STATX_TYPE | STATX_INO, &named) == -1 ||
        opened.stx_ino != named.stx_ino || opened.stx_dev_major != named.stx_dev_major ||
        opened.stx_dev_minor != named.stx_dev_minor) {
        perror(path);
        exit(1);
    }
    close(fd);
}

int main(int argc, char **argv) {
    char line[32];
    if (argc != 2) return 2;
    while (fgets(line, sizeof line, stdin)) {
        long count = atol(line);
        long long start = monotonic();
        for (long i = 0; i < count; i++) lock_and_release(argv[1]);
        printf("%lld\n", monotonic() - start);
        fflush(stdout);
    }
    return 0;
}
