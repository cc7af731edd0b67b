/*
 * spawn.h: starts the other programs with exactly the descriptors they are meant to have.
 */
#pragma once
#include <glib.h>
#include <sys/types.h>

/*
 * Starts helper @argv[0] (a bare name, see helper_path) with @fds[i] as descriptor 3 + i and nothing
 * else beside 0-2 (/dev/null, /dev/null, our stderr). The caller watches the pid. 0 with @error on
 * failure. Does not take ownership of @fds.
 */
GPid spawn_helper(const char *const *argv, const int *fds, guint n_fds, GError **error);
