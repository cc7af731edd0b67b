/*
 * spawn.c: see spawn.h. Called by template.c, session.c and report.c.
 */
#include "config.h"
#include "queue/spawn.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/helper.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define FIRST_FD 3

GPid spawn_helper(const char *const *argv, const int *fds, guint n_fds, GError **error)
{
	g_autofree char *path = helper_path(argv[0]);
	g_autoptr(GPtrArray) arguments = g_ptr_array_new();
	mch_autofd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int targets[MCH_FD_PACKET_MAX];
	GPid pid = 0;

	if (null < 0) {
		error_set_system(error, errno, "open /dev/null");
		return 0;
	}
	g_ptr_array_add(arguments, path);
	for (guint i = 1; argv[i]; i++)
		g_ptr_array_add(arguments, (gpointer)argv[i]);
	g_ptr_array_add(arguments, NULL);
	for (guint i = 0; i < n_fds; i++)
		targets[i] = FIRST_FD + (int)i;
	if (!g_spawn_async_with_pipes_and_fds("/", (const char *const *)arguments->pdata, NULL,
					      G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, null, null,
					      STDERR_FILENO, fds, targets, n_fds, &pid, NULL, NULL,
					      NULL, error)) {
		g_prefix_error(error, "start %s: ", path);
		return 0;
	}
	return pid;
}
