/*
 * stopwatch.c: times two commands in turn, A B A B ..., as whole processes.
 *
 * Usage: stopwatch RUNS INPUT A [ARG...] -- B [ARG...]
 * Each run gets INPUT on standard input. Prints "A-median B-median ratio" in milliseconds; the
 * ratio is the median of B/A pair by pair, so a machine whose speed drifts does not spoil it. A
 * command that does not exit 0 ends the measurement with exit 1.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double run(char **argv, const char *input)
{
	posix_spawn_file_actions_t actions;
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0);
	double start = now_ms();
	if (posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) != 0 ||
	    waitpid(pid, &status, 0) < 0 || status != 0) {
		fprintf(stderr, "stopwatch: %s did not exit 0\n", argv[0]);
		exit(1);
	}
	double took = now_ms() - start;
	posix_spawn_file_actions_destroy(&actions);
	return took;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *list, int n)
{
	qsort(list, (size_t)n, sizeof *list, compare);
	return list[n / 2];
}

int main(int argc, char **argv)
{
	int runs = argc > 5 ? atoi(argv[1]) : 0;
	char **a = argv + 3, **b = a;

	while (*b && strcmp(*b, "--") != 0)
		b++;
	if (runs < 1 || runs > 100000 || !*b || !b[1]) {
		fputs("usage: stopwatch RUNS INPUT A [ARG...] -- B [ARG...]\n", stderr);
		return 64;
	}
	*b++ = NULL;
	double *ta = calloc((size_t)runs, sizeof *ta), *tb = calloc((size_t)runs, sizeof *tb);
	double *ratio = calloc((size_t)runs, sizeof *ratio);
	for (int i = -3; i < runs; i++) { /* three pairs to warm up */
		double one = run(a, argv[2]), two = run(b, argv[2]);
		if (i < 0)
			continue;
		ta[i] = one;
		tb[i] = two;
		ratio[i] = two / one;
	}
	printf("%.3f %.3f %.2f\n", median(ta, runs), median(tb, runs), median(ratio, runs));
	return 0;
}
