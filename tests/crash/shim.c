/*
 * shim.c: loaded into our programs with LD_PRELOAD by the crash tests.
 *
 * It counts the calls that make mail durable (write, pwrite, fdatasync, fsync, renameat2, unlinkat,
 * ftruncate on files and directories of the spool) and does one of two things:
 *   MCH_CRASH_KILL=PROGRAM:N:WHEN   the N-th such call of a process of PROGRAM dies by SIGKILL,
 *                                   WHEN before or after the call. A process that forks counts on.
 *   MCH_CRASH_TRACE=FILE            every such call is appended to FILE with what it wrote, and
 *                                   so is every K that a caller is told and every final dot that
 *                                   goes to the relay: judge.c cuts the power behind each record.
 * MCH_CRASH_COUNT=FILE gets a line "PROGRAM N WHAT" for each call, so that a sweep knows its end.
 * Files are named by inode: a caged process cannot ask /proc for names.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static int trace_fd = -1, count_fd = -1;
static dev_t spool_device;
static long kill_at;
static int kill_after;
static int is_victim;
static long n_calls;

static void *next(const char *name)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	if (!symbol)
		abort();
	return symbol;
}

static int open_log(const char *variable)
{
	const char *path = getenv(variable);
	int (*real_open)(const char *, int, ...) = (int (*)(const char *, int, ...))next("open");

	if (!path)
		return -1;
	int fd = real_open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	return fd;
}

__attribute__((constructor)) static void begin(void)
{
	const char *order = getenv("MCH_CRASH_KILL");
	const char *spool = getenv("MCH_CRASH_SPOOL");
	struct stat status;

	if (!spool || stat(spool, &status) < 0)
		return;
	spool_device = status.st_dev;
	trace_fd = open_log("MCH_CRASH_TRACE");
	count_fd = open_log("MCH_CRASH_COUNT");
	if (!order)
		return;
	const char *colon = strchr(order, ':');
	const char *name = program_invocation_short_name;
	is_victim = colon && strlen(name) == (size_t)(colon - order) &&
		    strncmp(order, name, strlen(name)) == 0;
	kill_at = colon ? strtol(colon + 1, NULL, 10) : 0;
	kill_after = strstr(order, ":after") != NULL;
}

static void put(int fd, const void *data, size_t length)
{
	ssize_t (*real_write)(int, const void *,
			      size_t) = (ssize_t(*)(int, const void *, size_t))next("write");

	if (fd >= 0)
		(void)!real_write(fd, data, length);
}

/* One record in one write, so that records of several processes do not mix. */
static void record(const char *line, const void *data, size_t length)
{
	char *whole;
	size_t n = strlen(line);

	if (trace_fd < 0)
		return;
	whole = malloc(n + length + 1);
	if (!whole)
		abort();
	memcpy(whole, line, n);
	memcpy(whole + n, data, length);
	whole[n + length] = '\n';
	put(trace_fd, whole, n + length + 1);
	free(whole);
}

static void die_if_due(int after)
{
	if (is_victim && kill_at == n_calls && kill_after == after)
		kill(getpid(), SIGKILL);
}

static void before(const char *what)
{
	char line[128];
	int n;

	n_calls++;
	n = snprintf(line, sizeof line, "%s %ld %s\n", program_invocation_short_name, n_calls,
		     what);
	put(count_fd, line, (size_t)n);
	die_if_due(0);
}

static void after(void)
{
	int saved = errno;

	die_if_due(1);
	errno = saved;
}

/* The inode of a regular file or directory of the spool's device, or 0. SPOOL/log does not count. */
static unsigned long watched(int fd, mode_t type)
{
	struct stat status;
	int saved = errno;
	int known = spool_device && fd != trace_fd && fd != count_fd && fstat(fd, &status) == 0 &&
		    (status.st_mode & S_IFMT) == type && status.st_dev == spool_device;

	errno = saved;
	return known ? (unsigned long)status.st_ino : 0;
}

static void record_numbers(const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	record(line, "", 0);
}

static void record_write(unsigned long inode, off_t offset, const void *data, size_t length)
{
	char line[128];

	snprintf(line, sizeof line, "W %lu %lld %zu ", inode, (long long)offset, length);
	record(line, data, length);
}

static int ends_with(const void *data, size_t length, const char *tail)
{
	size_t n = strlen(tail);

	return length >= n && memcmp((const char *)data + length - n, tail, n) == 0;
}

/* What leaves through a socket: K to a caller, the final dot to the relay. */
static void note_socket(int fd, const void *data, size_t length)
{
	struct sockaddr_storage name = { 0 };
	socklen_t n = sizeof name;
	int saved = errno;

	if (trace_fd < 0 || length == 0 || getsockname(fd, (struct sockaddr *)&name, &n) < 0) {
		errno = saved;
		return;
	}
	if (name.ss_family == AF_UNIX && ((const char *)data)[0] == 'K')
		record("K ", data, length);
	if (name.ss_family == AF_INET && (ends_with(data, length, "\r\n.\r\n") ||
					  (length == 3 && ends_with(data, length, ".\r\n"))))
		record_numbers("N");
	errno = saved;
}

/* The log of a user's manager is no part of what must be durable: it is opened for appending, and
 * so are session logs, which are told apart by their first word. */
static int is_chatter(int fd, const void *data, size_t length)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && flags & O_APPEND && length > 0 && ((const char *)data)[0] >= '0' &&
	       ((const char *)data)[0] <= '9';
}

ssize_t write(int fd, const void *data, size_t length)
{
	static ssize_t (*real)(int, const void *, size_t);
	unsigned long inode = watched(fd, S_IFREG);

	if (!real)
		real = (ssize_t(*)(int, const void *, size_t))next("write");
	if (!inode || is_chatter(fd, data, length)) {
		note_socket(fd, data, length);
		return real(fd, data, length);
	}
	before("write");
	off_t offset = fcntl(fd, F_GETFL) & O_APPEND ? lseek(fd, 0, SEEK_END)
						     : lseek(fd, 0, SEEK_CUR);
	ssize_t n = real(fd, data, length);
	if (n > 0)
		record_write(inode, offset, data, (size_t)n);
	after();
	return n;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset)
{
	static ssize_t (*real)(int, const void *, size_t, off_t);
	unsigned long inode = watched(fd, S_IFREG);

	if (!real)
		real = (ssize_t(*)(int, const void *, size_t, off_t))next("pwrite");
	if (!inode)
		return real(fd, data, length, offset);
	before("pwrite");
	ssize_t n = real(fd, data, length, offset);
	if (n > 0)
		record_write(inode, offset, data, (size_t)n);
	after();
	return n;
}

ssize_t writev(int fd, const struct iovec *parts, int n_parts)
{
	static ssize_t (*real)(int, const struct iovec *, int);

	if (!real)
		real = (ssize_t(*)(int, const struct iovec *, int))next("writev");
	if (n_parts > 0)
		note_socket(fd, parts[n_parts - 1].iov_base, parts[n_parts - 1].iov_len);
	return real(fd, parts, n_parts);
}

ssize_t send(int fd, const void *data, size_t length, int flags)
{
	static ssize_t (*real)(int, const void *, size_t, int);

	if (!real)
		real = (ssize_t(*)(int, const void *, size_t, int))next("send");
	note_socket(fd, data, length);
	return real(fd, data, length, flags);
}

int ftruncate(int fd, off_t length)
{
	static int (*real)(int, off_t);
	unsigned long inode = watched(fd, S_IFREG);

	if (!real)
		real = (int (*)(int, off_t))next("ftruncate");
	if (!inode)
		return real(fd, length);
	before("ftruncate");
	int result = real(fd, length);
	if (result == 0)
		record_numbers("T %lu %lld", inode, (long long)length);
	after();
	return result;
}

int fdatasync(int fd)
{
	static int (*real)(int);
	unsigned long inode = watched(fd, S_IFREG);

	if (!real)
		real = (int (*)(int))next("fdatasync");
	if (!inode)
		return real(fd);
	before("fdatasync");
	int result = real(fd);
	if (result == 0)
		record_numbers("S %lu", inode);
	after();
	return result;
}

int fsync(int fd)
{
	static int (*real)(int);
	unsigned long file = watched(fd, S_IFREG), directory = watched(fd, S_IFDIR);

	if (!real)
		real = (int (*)(int))next("fsync");
	if (!file && !directory)
		return real(fd);
	before("fsync");
	int result = real(fd);
	if (result == 0)
		record_numbers(file ? "S %lu" : "D %lu", file ? file : directory);
	after();
	return result;
}

int openat(int dir, const char *name, int flags, ...)
{
	static int (*real)(int, const char *, int, ...);
	mode_t mode = 0;
	va_list args;

	if (!real)
		real = (int (*)(int, const char *, int, ...))next("openat");
	va_start(args, flags);
	if (flags & O_CREAT)
		mode = va_arg(args, mode_t);
	va_end(args);
	int fd = real(dir, name, flags, mode);
	unsigned long directory = flags & O_CREAT && flags & O_EXCL && fd >= 0 && dir != AT_FDCWD
					  ? watched(dir, S_IFDIR)
					  : 0;
	if (directory)
		record_numbers("C %lu %s %lu", directory, name, watched(fd, S_IFREG));
	return fd;
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned int flags)
{
	static int (*real)(int, const char *, int, const char *, unsigned int);
	unsigned long a = watched(from_dir, S_IFDIR), b = watched(to_dir, S_IFDIR);

	if (!real)
		real = (int (*)(int, const char *, int, const char *, unsigned int))next(
			"renameat2");
	before("renameat2");
	int result = real(from_dir, from, to_dir, to, flags);
	if (result == 0)
		record_numbers("R %lu %s %lu %s", a, from, b, to);
	after();
	return result;
}

int unlinkat(int dir, const char *name, int flags)
{
	static int (*real)(int, const char *, int);
	unsigned long directory = dir == AT_FDCWD ? 0 : watched(dir, S_IFDIR);

	if (!real)
		real = (int (*)(int, const char *, int))next("unlinkat");
	if (!directory)
		return real(dir, name, flags);
	before("unlinkat");
	int result = real(dir, name, flags);
	if (result == 0)
		record_numbers("U %lu %s", directory, name);
	after();
	return result;
}
