/*
 * listen.c: see listen.h. Called by main.c before the loop runs, and by door.c when it opens again.
 * A crash leaves a socket file that nobody serves: connecting to it is refused, the next manager
 * replaces it.
 */
#include "config.h"
#include "queue/listen.h"
#include "base/error.h"
#include "base/fd.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST_INHERITED 3
#define BACKLOG		1024

int listen_bind(const char *dir, const char *name, guint mode, GError **error)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	g_autofree char *fresh = g_strconcat(path, ".new", NULL);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mch_autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0) {
		error_set_system(error, errno, "socket");
		return -1;
	}
	if (g_strlcpy(address.sun_path, fresh, sizeof address.sun_path) >=
	    sizeof address.sun_path) {
		error_set_system(error, ENAMETOOLONG, "socket %s", fresh);
		return -1;
	}
	(void)unlink(fresh);
	if (bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
	    chmod(fresh, mode) < 0 || listen(fd, BACKLOG) < 0 || rename(fresh, path) < 0) {
		error_set_system(error, errno, "listen on %s", path);
		return -1;
	}
	return fd_steal(&fd);
}

static gboolean is_named(int fd, const char *name)
{
	struct sockaddr_un address = { 0 };
	socklen_t length = sizeof address - 1;

	if (getsockname(fd, (struct sockaddr *)&address, &length) < 0 ||
	    address.sun_family != AF_UNIX)
		return FALSE;
	const char *base = strrchr(address.sun_path, '/');
	return base && strcmp(base + 1, name) == 0;
}

int listen_take_inherited(const char *name)
{
	const char *pid = g_getenv("LISTEN_PID"), *count = g_getenv("LISTEN_FDS");

	if (!pid || !count || (pid_t)strtol(pid, NULL, 10) != getpid())
		return -1;
	for (int i = 0; i < CLAMP(atoi(count), 0, 16); i++) {
		int fd = FIRST_INHERITED + i;
		if (!is_named(fd, name))
			continue;
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || !fd_set_nonblocking(fd, TRUE, NULL))
			return -1;
		return fd;
	}
	return -1;
}
