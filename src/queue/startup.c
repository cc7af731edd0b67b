/*
 * startup.c: see startup.h. Called by main.c once, before any thread and before the spool is open.
 *
 * Every set*id result is checked: a process that could not drop root does not go on as root.
 */
#include "config.h"
#include "queue/startup.h"
#include "base/error.h"
#include "base/exit-code.h"
#include "base/fd.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* The owner of a spool that is made now: the service user, or root where there is none. */
static void find_owner(uid_t *ret_uid, gid_t *ret_gid)
{
	const struct passwd *user = getpwnam(MCH_SERVICE_USER);

	*ret_uid = user ? user->pw_uid : 0;
	*ret_gid = user ? user->pw_gid : 0;
}

/* Makes @path with @mode for @uid when it is not there. */
static gboolean make_directory(const char *path, mode_t mode, uid_t uid, gid_t gid, GError **error)
{
	g_autofree char *parent = g_path_get_dirname(path);
	mode_t saved = umask(022);
	int made = g_mkdir_with_parents(parent, 0755) < 0 ? -1 : mkdir(path, mode);
	int saved_errno = errno;

	(void)umask(saved);
	if (made < 0)
		return saved_errno == EEXIST ||
		       error_set_system(error, saved_errno, "mkdir %s", path);
	if (chmod(path, mode) < 0 || (geteuid() == 0 && chown(path, uid, gid) < 0))
		return error_set_system(error, errno, "chown %s", path);
	return TRUE;
}

gboolean startup_become_owner(const char *spool_path, const char *socket_dir, GError **error)
{
	struct stat status;
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (geteuid() == 0)
		find_owner(&uid, &gid);
	if (!make_directory(spool_path, 0700, uid, gid, error))
		return FALSE;
	if (lstat(spool_path, &status) < 0)
		return error_set_system(error, errno, "stat %s", spool_path);
	if (strcmp(spool_path, socket_dir) != 0 &&
	    !make_directory(socket_dir, 0755, status.st_uid, status.st_gid, error))
		return FALSE;
	if (geteuid() != 0 || status.st_uid == 0)
		return TRUE;
	if (setgroups(0, NULL) < 0 || setgid(status.st_gid) < 0 || setuid(status.st_uid) < 0 ||
	    setuid(0) == 0)
		return error_set_system(error, errno, "become uid %u", (guint)status.st_uid);
	return TRUE;
}

/* A caller's soft limits (RLIMIT_FSIZE of a build job, say) are not the queue's. */
static void raise_limits(void)
{
	static const int resources[] = { RLIMIT_FSIZE, RLIMIT_CPU, RLIMIT_NOFILE, RLIMIT_AS,
					 RLIMIT_DATA };
	struct rlimit limit;

	for (guint i = 0; i < G_N_ELEMENTS(resources); i++) {
		if (getrlimit(resources[i], &limit) < 0)
			continue;
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(resources[i], &limit);
	}
}

static void reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		if (number != SIGPIPE && number != SIGXFSZ)
			(void)signal(number, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The parent: passes on the child's word, or 75 when the child died without one. */
static void wait_for_word(int ready)
{
	char word[1024];
	gsize n = 0;
	gssize got;

	while (n < sizeof word - 1 &&
	       (got = fd_read(ready, word + n, sizeof word - 1 - n, NULL)) > 0)
		n += (gsize)got;
	word[n] = '\0';
	if (n == 0)
		_exit(EX_TEMPFAIL);
	if (word[1])
		fprintf(stderr, "mailchuted: %s\n", word + 1);
	_exit((guchar)word[0]);
}

gboolean startup_detach(int *ret_ready, GError **error)
{
	int ends[2];

	if (close_range(3, ~0u, 0) < 0 && errno != ENOSYS)
		return error_set_system(error, errno, "close_range");
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set_system(error, errno, "pipe");
	pid_t pid = fork();
	if (pid < 0)
		return error_set_system(error, errno, "fork");
	if (pid > 0) {
		(void)close(ends[1]);
		wait_for_word(ends[0]);
	}
	(void)close(ends[0]);
	(void)setsid();
	reset_signals();
	raise_limits();
	if (chdir("/") < 0)
		return error_set_system(error, errno, "chdir /");
	*ret_ready = ends[1];
	return TRUE;
}

void startup_tell_ready(int ready, int exit_code, const char *message)
{
	char code = (char)exit_code;
	mch_autofd int pipe_end = ready;
	mch_autofd int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0)
		for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
			(void)dup2(null, fd);
	(void)fd_write_all(pipe_end, &code, 1, NULL);
	if (message)
		(void)fd_write_all(pipe_end, message, strlen(message), NULL);
}
