/* SPDX-License-Identifier: Apache-2.0
 *
 * nonsite-plant as a process: call, output, files, signals, exit codes.
 */
#include "support/cmocka_all.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 20000

static char dir[200];

static const char good[] =
    "{\"endpoints\": {\"a\": {\"units\": {\"1\": \"d\"}}, \"b-2\": {\"units\": {\"1\": \"d\"}}},"
    " \"devices\": {\"d\": {\"kind\": \"di-module\", \"set\": {\"di1\": 1}}}}";

static int make_dir(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%s/plant.XXXXXX", tmp != NULL ? tmp : "/tmp");
    return mkdtemp(dir) != NULL ? 0 : -1;
}

/* The entries of a folder, and of those below it. */
static void empty_folder(const char *folder)
{
    DIR *d = opendir(folder);
    const struct dirent *entry = NULL;
    while (d != NULL && (entry = readdir(d)) != NULL) {
        char name[600];
        snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (unlink(name) != 0) {
            empty_folder(name);
            rmdir(name);
        }
    }
    if (d != NULL)
        closedir(d);
}

static int remove_dir(void **state)
{
    (void)state;
    empty_folder(dir);
    return rmdir(dir);
}

static const char *path(const char *name)
{
    static char text[4][400];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(text[turn], sizeof text[turn], "%s/%s", dir, name);
    return text[turn];
}

static void put(const char *name, const char *text)
{
    FILE *f = fopen(path(name), "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

/* The whole file; "" while it is not there. */
static const char *get(const char *name)
{
    static char text[65536];
    FILE *f = fopen(path(name), "r");
    size_t n = f != NULL ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f != NULL)
        fclose(f);
    text[n] = '\0';
    return text;
}

struct program {
    pid_t pid;
    FILE *out;
    int in;
};

/* NULL-ended arguments behind the program's name. */
static struct program start(const char *const *args)
{
    struct program p;
    int in[2];
    int out[2];
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    p.pid = fork();
    assert_true(p.pid >= 0);
    if (p.pid == 0) {
        const char *argv[16] = {"nonsite-plant"};
        for (size_t i = 0; i < 14 && args[i] != NULL; i++)
            argv[i + 1] = args[i];
        int err = open(path("err.txt"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(in[0], 0);
        dup2(out[1], 1);
        dup2(err, 2);
        close(in[1]);
        close(out[0]);
        union { /* execv takes what it does not change as if it did */
            const char **given;
            char *const *taken;
        } vector = {.given = argv};
        execv(PLANT_PROGRAM, vector.taken);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    p.in = in[1];
    p.out = fdopen(out[0], "r");
    assert_non_null(p.out);
    return p;
}

static int finish(struct program *p, int signal_number)
{
    int status = 0;
    if (signal_number != 0)
        assert_int_equal(kill(p->pid, signal_number), 0);
    assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
    fclose(p->out);
    close(p->in);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

static int run(const char *const *args)
{
    struct program p = start(args);
    return finish(&p, 0);
}

static void line(struct program *p, char *text, size_t size)
{
    assert_non_null(fgets(text, (int)size, p->out));
    text[strcspn(text, "\n")] = '\0';
}

/* The port at the end of "endpoint <name> 127.0.0.1 <port>". */
static unsigned port_of(const char *text, const char *name)
{
    char head[100];
    snprintf(head, sizeof head, "endpoint %s 127.0.0.1 ", name);
    assert_int_equal(strncmp(text, head, strlen(head)), 0);
    char *end = NULL;
    unsigned long port = strtoul(text + strlen(head), &end, 10);
    assert_true(*end == '\0' && port > 0 && port < 65536);
    return (unsigned)port;
}

/* Waits until it serves; the port of endpoint "a". */
static unsigned ready(struct program *p)
{
    char a[100];
    char b[100];
    char r[100];
    line(p, a, sizeof a);
    line(p, b, sizeof b);
    line(p, r, sizeof r);
    assert_true(port_of(a, "a") != port_of(b, "b-2"));
    assert_string_equal(r, "ready");
    return port_of(a, "a");
}

/* Reads di1 of unit 1; its state. */
static int ask(unsigned port)
{
    static const uint8_t request[] = {0, 1, 0, 0, 0, 6, 1, 2, 0, 0, 0, 1};
    uint8_t reply[10];
    size_t n = 0;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_equal(send(fd, request, sizeof request, MSG_NOSIGNAL), (ssize_t)sizeof request);
    while (n < sizeof reply) {
        ssize_t more = recv(fd, reply + n, sizeof reply - n, 0);
        assert_true(more > 0);
        n += (size_t)more;
    }
    close(fd);
    assert_int_equal(reply[7], 2);
    return reply[9];
}

/* Until the file has the words. */
static void wait_for(const char *name, const char *words)
{
    for (int waited = 0; waited < PATIENCE_MS; waited += 5) {
        if (strstr(get(name), words) != NULL)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    fail_msg("%s never had %s: %s", name, words, get(name));
}

static void test_calls_that_end_at_once(void **state)
{
    (void)state;
    put("good.json", good);
    put("bad.json", "{\"endpoints\": {}, \"devices\": {}, \"more\": 1}");
    assert_int_equal(run((const char *[]){"--help", NULL}), 0);
    assert_int_equal(run((const char *[]){"--version", NULL}), 0);
    assert_int_equal(run((const char *[]){NULL}), 64);
    assert_int_equal(run((const char *[]){"--no-such-option", path("good.json"), NULL}), 64);
    assert_int_equal(run((const char *[]){path("good.json"), path("good.json"), NULL}), 64);
    assert_int_equal(run((const char *[]){"--check", path("good.json"), NULL}), 0);
    assert_string_equal(get("err.txt"), "");
    assert_int_equal(run((const char *[]){"--check", path("bad.json"), NULL}), 78);
    assert_non_null(strstr(get("err.txt"), "/more"));
    assert_non_null(strstr(get("err.txt"), "/endpoints"));
    assert_int_equal(run((const char *[]){path("bad.json"), NULL}), 78);
    assert_int_equal(run((const char *[]){path("none.json"), NULL}), 78);
    assert_non_null(strstr(get("err.txt"), "none.json"));
    assert_int_equal(
        run((const char *[]){"--ports", path("no/ports.json"), path("good.json"), NULL}), 73);
}

static void test_taken_port(void **state)
{
    (void)state;
    put("good.json", good);
    struct program p = start((const char *[]){path("good.json"), NULL});
    char text[300];
    snprintf(text, sizeof text,
             "{\"endpoints\": {\"x\": {\"port\": %u, \"units\": {\"1\": \"d\"}}},"
             " \"devices\": {\"d\": {\"kind\": \"di-module\"}}}",
             ready(&p));
    put("taken.json", text);
    assert_int_equal(run((const char *[]){path("taken.json"), NULL}), 69);
    assert_non_null(strstr(get("err.txt"), "endpoint x: cannot listen"));
    assert_int_equal(finish(&p, SIGINT), 0);
}

static void test_serves_counts_and_ends(void **state)
{
    (void)state;
    put("good.json", good);
    assert_int_equal(mkdir(path("all"), 0700), 0);
    const char *given = getenv("NONSITE_PLANT_COUNTERS_DIR"); /* of the whole test run */
    char *kept = given != NULL ? strdup(given) : NULL;
    assert_int_equal(setenv("NONSITE_PLANT_COUNTERS_DIR", path("all"), 1), 0);
    struct program p = start((const char *[]){"--counters", path("c.json"), "--ports",
                                              path("ports.json"), path("good.json"), NULL});
    if (kept != NULL)
        assert_int_equal(setenv("NONSITE_PLANT_COUNTERS_DIR", kept, 1), 0);
    else
        assert_int_equal(unsetenv("NONSITE_PLANT_COUNTERS_DIR"), 0);
    free(kept);
    unsigned port = ready(&p);
    char text[100];
    snprintf(text, sizeof text, "{\"a\": %u, \"b-2\": ", port);
    assert_non_null(strstr(get("ports.json"), text));
    assert_int_equal(ask(port), 1);
    assert_string_equal(get("c.json"), "");
    assert_int_equal(kill(p.pid, SIGUSR1), 0);
    wait_for("c.json", "\"functions\": {\"2\": 1}");
    assert_int_equal(ask(port), 1);
    pid_t pid = p.pid;
    assert_int_equal(finish(&p, SIGTERM), 0);
    assert_non_null(strstr(get("c.json"), "\"requests\": 2"));
    snprintf(text, sizeof text, "all/plant-%ld.json", (long)pid);
    assert_non_null(strstr(get(text), "\"requests\": 2"));
    snprintf(text, sizeof text, "\"pid\": %ld", (long)pid);
    assert_non_null(strstr(get("c.json"), text));
}

static void test_control_input(void **state)
{
    (void)state;
    put("good.json", good);
    struct program p = start((const char *[]){"--stdin", "--hold", path("good.json"), NULL});
    unsigned port = ready(&p);
    char text[300];
    static const char off[] = "{\"device\": \"d\", \"set\": {\"di1\": 0}}\n{\"device\": 1}\n";
    assert_int_equal(write(p.in, off, sizeof off - 1), (ssize_t)(sizeof off - 1));
    line(&p, text, sizeof text);
    assert_string_equal(text, "ok");
    line(&p, text, sizeof text);
    assert_int_equal(strncmp(text, "error: ", 7), 0);
    assert_int_equal(ask(port), 0);
    close(p.in);
    p.in = open("/dev/null", O_RDONLY);
    assert_int_equal(ask(port), 0);
    assert_int_equal(finish(&p, SIGTERM), 0);
}

static void test_counters_that_cannot_be_written(void **state)
{
    (void)state;
    put("good.json", good);
    struct program p =
        start((const char *[]){"--counters", path("no/c.json"), path("good.json"), NULL});
    (void)ready(&p);
    assert_int_equal(finish(&p, SIGTERM), 73);
    assert_non_null(strstr(get("err.txt"), "no/c.json"));
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_calls_that_end_at_once, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_taken_port, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_serves_counts_and_ends, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_control_input, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_counters_that_cannot_be_written, make_dir, remove_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
