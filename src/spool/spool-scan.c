/*
 * spool-scan.c: see spool-scan.h. Called by mailchuted at start, and hourly for the sweep.
 *
 * Reads names only; what the files hold is spool-format.c's. Nothing in queue/ is changed here.
 */
#include "config.h"
#include "spool/spool-scan.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "spool/spool-format.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A stream over the directory @fd, which keeps its own descriptor. */
static DIR *open_stream(int fd, const char *name, GError **error)
{
	mch_autofd int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);

	if (!stream) {
		error_set_system(error, errno, "read directory %s", name);
		return NULL;
	}
	(void)fd_steal(&copy);
	return stream;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *spool_scan_queue(MchSpool *spool, GError **error)
{
	DIR *stream = open_stream(spool->queue, "queue/", error);
	GPtrArray *names;

	if (!stream)
		return NULL;
	names = g_ptr_array_new_with_free_func(g_free);
	for (struct dirent *entry; (entry = readdir(stream));)
		if (spool_id_is_valid(entry->d_name))
			g_ptr_array_add(names, g_strdup(entry->d_name));
	(void)closedir(stream);
	g_ptr_array_sort(names, compare_names);
	return names;
}

static int compare_numbers(gconstpointer a, gconstpointer b)
{
	guint x = GPOINTER_TO_UINT(*(const gpointer *)a),
	      y = GPOINTER_TO_UINT(*(const gpointer *)b);

	return x < y ? -1 : x > y;
}

GPtrArray *spool_scan_sessions(MchSpool *spool, GError **error)
{
	DIR *stream = open_stream(spool->sessions, "sessions/", error);
	GPtrArray *numbers;

	if (!stream)
		return NULL;
	numbers = g_ptr_array_new();
	for (struct dirent *entry; (entry = readdir(stream));) {
		guint64 number;
		if (g_ascii_string_to_unsigned(entry->d_name, 10, 1, G_MAXINT32, &number, NULL))
			g_ptr_array_add(numbers, GUINT_TO_POINTER((guint)number));
	}
	(void)closedir(stream);
	g_ptr_array_sort(numbers, compare_numbers);
	return numbers;
}

int spool_open_session_log(MchSpool *spool, guint number, GError **error)
{
	char name[16];

	(void)g_snprintf(name, sizeof name, "%u", number);
	int fd = openat(spool->sessions, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		error_set_system(error, errno, "open %s/sessions/%s", spool->path, name);
	return fd;
}

guint spool_sweep_tmp(MchSpool *spool, gint64 max_age)
{
	DIR *stream = open_stream(spool->tmp, "tmp/", NULL);
	gint64 now = clock_wall_seconds();
	guint gone = 0;

	if (!stream)
		return 0;
	for (struct dirent *entry; (entry = readdir(stream));) {
		struct stat status;
		if (entry->d_name[0] == '.' ||
		    fstatat(spool->tmp, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (now - status.st_mtime >= max_age && fd_unlink(spool->tmp, entry->d_name, NULL))
			gone++;
	}
	(void)closedir(stream);
	return gone;
}
