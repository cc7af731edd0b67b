/*
 * floor.c: the least that anybody can do who keeps a message safe.
 *
 * Reads standard input, writes it to DIR/tmp-PID, fsyncs, renames it to DIR/PID, fsyncs DIR. Linked
 * statically, no library beside libc: what `sendmail -t -i` is measured against. Usage: floor DIR
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char text[1 << 20];

static void check(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(75);
}

int main(int argc, char **argv)
{
	char from[32], to[32];
	ssize_t n, length = 0;

	check(argc == 2 && chdir(argv[1]) == 0, "usage: floor DIR");
	while ((n = read(0, text + length, sizeof text - (size_t)length)) > 0)
		length += n;
	check(n == 0, "read");
	snprintf(from, sizeof from, "tmp-%d", (int)getpid());
	snprintf(to, sizeof to, "%d", (int)getpid());
	int fd = open(from, O_WRONLY | O_CREAT | O_EXCL, 0600);
	check(fd >= 0, "open");
	check(write(fd, text, (size_t)length) == length, "write");
	check(fsync(fd) == 0, "fsync");
	check(close(fd) == 0, "close");
	check(rename(from, to) == 0, "rename");
	int dir = open(".", O_RDONLY | O_DIRECTORY);
	check(dir >= 0 && fsync(dir) == 0, "fsync directory");
	return 0;
}
