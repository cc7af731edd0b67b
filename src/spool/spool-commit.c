/*
 * spool-commit.c: see spool-commit.h.
 *
 * Used by mailchuted alone: nothing else renames, unlinks or writes in queue/. Everything goes by
 * directory descriptors, so a spool that is moved or replaced under a running manager is never
 * half one and half the other. Locks are flock: they die with their last holder.
 */
#include "config.h"
#include "spool/spool-commit.h"
#include "base/error.h"
#include "base/fd.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int open_directory(int at, const char *path, GError **error)
{
	if (mkdirat(at, path, 0700) < 0 && errno != EEXIST) {
		error_set_system(error, errno, "mkdir %s", path);
		return -1;
	}
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		error_set_system(error, errno, "open directory %s", path);
	return fd;
}

static gboolean check_owner(int fd, const char *path, GError **error)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return error_set_system(error, errno, "fstat %s", path);
	if (status.st_uid != geteuid() || status.st_mode & (S_IWGRP | S_IWOTH)) {
		g_set_error(error, MCH_SYSTEM_ERROR, EPERM,
			    "spool %s: must belong to uid %u and be writable by nobody else: chown "
			    "and chmod 0700 it",
			    path, (guint)geteuid());
		return FALSE;
	}
	return TRUE;
}

MchSpool *spool_open(const char *path, GError **error)
{
	g_autoptr(MchSpool) spool = g_new(MchSpool, 1);

	*spool = (MchSpool){ .path = g_strdup(path), -1, -1, -1, -1, -1, -1 };
	if (g_mkdir_with_parents(path, 0700) < 0) {
		error_set_system(error, errno, "mkdir %s", path);
		return NULL;
	}
	if ((spool->root = open_directory(AT_FDCWD, path, error)) < 0 ||
	    !check_owner(spool->root, path, error) ||
	    (spool->tmp = open_directory(spool->root, "tmp", error)) < 0 ||
	    (spool->queue = open_directory(spool->root, "queue", error)) < 0 ||
	    (spool->sessions = open_directory(spool->root, "sessions", error)) < 0 ||
	    (spool->damaged = open_directory(spool->root, "damaged", error)) < 0)
		return NULL;
	return g_steal_pointer(&spool);
}

void spool_free(MchSpool *spool)
{
	if (!spool)
		return;
	fd_clear(&spool->lock);
	fd_clear(&spool->damaged);
	fd_clear(&spool->sessions);
	fd_clear(&spool->queue);
	fd_clear(&spool->tmp);
	fd_clear(&spool->root);
	g_free(spool->path);
	g_free(spool);
}

gboolean spool_lock(MchSpool *spool, GError **error)
{
	mch_autofd int fd = openat(spool->root, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
				   0600);

	if (fd < 0)
		return error_set_system(error, errno, "open %s/lock", spool->path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return error_set_system(error, errno == EWOULDBLOCK ? EBUSY : errno, "lock %s/lock",
					spool->path);
	spool->lock = fd_steal(&fd);
	return spool_lock_note_pid(spool, error);
}

gboolean spool_lock_note_pid(MchSpool *spool, GError **error)
{
	char text[16];
	int n = g_snprintf(text, sizeof text, "%d\n", (int)getpid());

	if (ftruncate(spool->lock, 0) < 0)
		return error_set_system(error, errno, "truncate %s/lock", spool->path);
	return fd_pwrite_all(spool->lock, text, (gsize)n, 0, error);
}

int spool_create_tmp(MchSpool *spool, const char *id, GError **error)
{
	/* No O_APPEND: the size line is patched by pwrite when the message is complete. */
	int fd = openat(spool->tmp, id, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		error_set_system(error, errno, "create %s/tmp/%s", spool->path, id);
	return fd;
}

gboolean spool_remove_tmp(MchSpool *spool, const char *id, GError **error)
{
	return fd_unlink(spool->tmp, id, error);
}

gboolean spool_commit(MchSpool *spool, const char *id, GError **error)
{
	return fd_rename_new(spool->tmp, id, spool->queue, id, error);
}

gboolean spool_sync_queue(MchSpool *spool, GError **error)
{
	return fd_sync_directory(spool->queue, "queue/", error);
}

int spool_open_message(MchSpool *spool, const char *id, gboolean for_journal, GError **error)
{
	int fd = openat(spool->queue, id,
			(for_journal ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		error_set_system(error, errno, "open %s/queue/%s", spool->path, id);
	return fd;
}

gboolean spool_remove_message(MchSpool *spool, const char *id, GError **error)
{
	return fd_unlink(spool->queue, id, error);
}

gboolean spool_set_aside(MchSpool *spool, const char *id, GError **error)
{
	return fd_rename_new(spool->queue, id, spool->damaged, id, error) &&
	       fd_sync_directory(spool->damaged, "damaged/", error) &&
	       spool_sync_queue(spool, error);
}

int spool_create_session_log(MchSpool *spool, guint *ret_number, GError **error)
{
	for (guint number = 1;; number++) {
		char name[16];
		(void)g_snprintf(name, sizeof name, "%u", number);
		mch_autofd int fd = openat(
			spool->sessions, name,
			O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0 && errno == EEXIST)
			continue;
		if (fd < 0) {
			error_set_system(error, errno, "create %s/sessions/%s", spool->path, name);
			return -1;
		}
		/* The name must be durable before the first dot is: a log that a power cut
		 * forgets would forget what was sent. */
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			error_set_system(error, errno, "lock %s/sessions/%s", spool->path, name);
			return -1;
		}
		if (!fd_sync_directory(spool->sessions, "sessions/", error))
			return -1;
		*ret_number = number;
		return fd_steal(&fd);
	}
}

gboolean spool_remove_session_log(MchSpool *spool, guint number, GError **error)
{
	char name[16];

	(void)g_snprintf(name, sizeof name, "%u", number);
	return fd_unlink(spool->sessions, name, error);
}

gboolean spool_try_lock(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

guint64 spool_free_space(const MchSpool *spool, guint64 *ret_total)
{
	struct statvfs status;

	*ret_total = 0;
	if (fstatvfs(spool->root, &status) < 0 || status.f_blocks == 0)
		return G_MAXUINT64;
	*ret_total = (guint64)status.f_blocks * status.f_frsize;
	return (guint64)status.f_bavail * status.f_frsize;
}
