/*
 * One of several processes that want one lock over and over: what they cost each other at least.
 *
 * usage: contend FILE
 * For each number N on stdin: N times opens the file, waits for the lock and closes the file, and
 * answers with a line.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void lock_and_release(const char *path) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd == -1 || fcntl(fd, F_OFD_SETLKW, &whole) == -1) {
        perror(path);
        exit(1);
    }
    close(fd);
}

int main(int argc, char **argv) {
    char line[32];
    if (argc != 2) return 2;
    while (fgets(line, sizeof line, stdin)) {
        for (long left = atol(line); left > 0; left--) lock_and_release(argv[1]);
        puts("done");
        fflush(stdout);
    }
    return 0;
}
