/*
 * fd.c: system calls with their retries and errors; see fd.h.
 *
 * Used by every room. Keeps no state, never logs, never allocates for success.
 * After a crash half-way through fd_write_all the file is short: callers commit by rename.
 */
#include "config.h"
#include "base/fd.h"
#include "base/error.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

void fd_clear(int *fd)
{
	int saved_errno = errno;

	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	errno = saved_errno;
}

gboolean fd_write_all(int fd, const void *data, gsize length, GError **error)
{
	const char *next = data;

	while (length > 0) {
		ssize_t n = write(fd, next, length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_system(error, errno, "write");
		next += n;
		length -= (gsize)n;
	}
	return TRUE;
}

gboolean fd_pwrite_all(int fd, const void *data, gsize length, off_t offset, GError **error)
{
	const char *next = data;

	while (length > 0) {
		ssize_t n = pwrite(fd, next, length, offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_system(error, errno, "pwrite");
		next += n;
		offset += n;
		length -= (gsize)n;
	}
	return TRUE;
}

gssize fd_read(int fd, void *data, gsize length, GError **error)
{
	for (;;) {
		ssize_t n = read(fd, data, length);
		if (n >= 0)
			return n;
		if (errno != EINTR) {
			error_set_system(error, errno, "read");
			return -1;
		}
	}
}

gssize fd_pread(int fd, void *data, gsize length, off_t offset, GError **error)
{
	for (;;) {
		ssize_t n = pread(fd, data, length, offset);
		if (n >= 0)
			return n;
		if (errno != EINTR) {
			error_set_system(error, errno, "pread");
			return -1;
		}
	}
}

gboolean fd_sync_data(int fd, const char *what, GError **error)
{
	if (fdatasync(fd) < 0)
		return error_set_system(error, errno, "fdatasync %s", what);
	return TRUE;
}

gboolean fd_sync_directory(int dir_fd, const char *what, GError **error)
{
	if (fsync(dir_fd) < 0)
		return error_set_system(error, errno, "fsync %s", what);
	return TRUE;
}

gboolean fd_rename_new(int from_dir, const char *from, int to_dir, const char *to, GError **error)
{
	if (renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE) < 0)
		return error_set_system(error, errno, "rename %s to %s", from, to);
	return TRUE;
}

gboolean fd_unlink(int dir_fd, const char *name, GError **error)
{
	if (unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT)
		return error_set_system(error, errno, "unlink %s", name);
	return TRUE;
}

typedef union {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int) * MCH_FD_PACKET_MAX)];
} Ancillary;

gboolean fd_send_packet(int socket, const void *data, gsize length, const int *fds, guint n_fds,
			GError **error)
{
	struct iovec iov = { .iov_base = (void *)data, .iov_len = length };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	Ancillary ancillary = { .bytes = { 0 } };

	g_return_val_if_fail(n_fds <= MCH_FD_PACKET_MAX, FALSE);
	if (n_fds > 0) {
		message.msg_control = &ancillary;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		struct cmsghdr *c = CMSG_FIRSTHDR(&message);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
	}
	for (;;) {
		ssize_t n = sendmsg(socket, &message, MSG_NOSIGNAL);
		if (n == (ssize_t)length)
			return TRUE;
		if (n < 0 && errno == EINTR)
			continue;
		return error_set_system(error, n < 0 ? errno : EMSGSIZE, "sendmsg");
	}
}

/* Takes the descriptors out of @message; closes what does not fit. */
static guint take_descriptors(struct msghdr *message, int *fds)
{
	guint n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		gsize count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (gsize i = 0; i < count; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof fd);
			if (n < MCH_FD_PACKET_MAX)
				fds[n++] = fd;
			else
				(void)close(fd);
		}
	}
	return n;
}

gssize fd_receive_packet(int socket, void *data, gsize length, int *fds, guint *ret_n_fds,
			 GError **error)
{
	struct iovec iov = { .iov_base = data, .iov_len = length };
	Ancillary ancillary;
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = &ancillary,
				  .msg_controllen = sizeof ancillary };
	ssize_t n;

	do
		n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		error_set_system(error, errno, "recvmsg");
		return -1;
	}
	guint n_fds = take_descriptors(&message, fds);
	if (message.msg_flags & (MSG_CTRUNC | MSG_TRUNC)) {
		while (n_fds > 0)
			(void)close(fds[--n_fds]);
		error_set_system(error, EMSGSIZE,
				 "recvmsg: a packet or its descriptors were cut off");
		return -1;
	}
	*ret_n_fds = n_fds;
	return n;
}

gboolean fd_set_nonblocking(int fd, gboolean nonblocking, GError **error)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return error_set_system(error, errno, "fcntl F_GETFL");
	flags = nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	if (fcntl(fd, F_SETFL, flags) < 0)
		return error_set_system(error, errno, "fcntl F_SETFL");
	return TRUE;
}

gboolean fd_prepare_process(void)
{
	gboolean had_input = fcntl(STDIN_FILENO, F_GETFD) >= 0;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			abort(); /* the lowest free number is @fd, or there is no /dev at all */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)signal(SIGCHLD, SIG_DFL);
	(void)umask(077);
	return had_input;
}
