/* SPDX-License-Identifier: Apache-2.0 */
#include "tempdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

bool tempdir_make(char out[TEMPDIR_SIZE])
{
    const char *base = getenv("TMPDIR");
    int n = snprintf(out, TEMPDIR_SIZE, "%s/gw-test-XXXXXX", base != NULL ? base : "/tmp");
    return n > 0 && n < TEMPDIR_SIZE && mkdtemp(out) != NULL;
}

static int wait_for(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool tempdir_remove(const char *path)
{
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/rm", "rm", "-rf", "--", path, (char *)NULL);
        _exit(127);
    }
    return pid > 0 && wait_for(pid) == 0;
}

int tempdir_shell(const char *path, const char *command)
{
    pid_t pid = fork();
    if (pid == 0) {
        int in = open("/dev/null", O_RDONLY);
        int out = -1;
        if (chdir(path) == 0)
            out = open("out.txt", O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (in >= 0 && out >= 0 && dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
            dup2(out, STDERR_FILENO) >= 0)
            execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    return pid > 0 ? wait_for(pid) : -1;
}
