/*
 * spool-commit.h: the spool directory, and the order of steps that makes a message safe.
 *
 *   lock       held by the one manager; its text is the pid
 *   tmp/       messages being received; never sent, swept when old
 *   queue/     messages accepted: a name here is a promise
 *   sessions/  one log for each running or crashed deliver
 *   damaged/   files that do not verify, kept for the admin
 * Commit: write tmp/ID, fdatasync it (receive), rename to queue/ID, fsync queue/, only then say K.
 * After a kill or a power cut at any point a name in queue/ is a whole message.
 */
#pragma once
#include <glib.h>

typedef struct {
	char *path;
	int root, tmp, queue, sessions, damaged; /* directory descriptors */
	int lock;				 /* -1 until spool_lock */
} MchSpool;

/*
 * Opens the spool at @path and makes what is missing (mode 0700). A path that others than its
 * owner can write, or that belongs to someone else, is refused.
 */
MchSpool *spool_open(const char *path, GError **error);
void spool_free(MchSpool *spool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MchSpool, spool_free)

/* Becomes the manager of this spool: a kernel lock that dies with the process. EBUSY (as
 * MCH_SYSTEM_ERROR) when another process is. Writes the pid into the file. */
gboolean spool_lock(MchSpool *spool, GError **error);
/* Writes the current pid into the lock file (after a fork). */
gboolean spool_lock_note_pid(MchSpool *spool, GError **error);

/* A new file tmp/@id for reading and writing; fails when it exists. */
int spool_create_tmp(MchSpool *spool, const char *id, GError **error);
gboolean spool_remove_tmp(MchSpool *spool, const char *id, GError **error);

/* tmp/@id becomes queue/@id; EEXIST when that exists already. Not durable before spool_sync_queue. */
gboolean spool_commit(MchSpool *spool, const char *id, GError **error);
gboolean spool_sync_queue(MchSpool *spool, GError **error);

/* A descriptor for queue/@id: @for_journal opens it for reading and writing. */
int spool_open_message(MchSpool *spool, const char *id, gboolean for_journal, GError **error);
/* Takes queue/@id out for good. */
gboolean spool_remove_message(MchSpool *spool, const char *id, GError **error);
/* Moves queue/@id to damaged/@id. */
gboolean spool_set_aside(MchSpool *spool, const char *id, GError **error);

/* A new, locked session log sessions/NUMBER (appending); *@ret_number says which. */
int spool_create_session_log(MchSpool *spool, guint *ret_number, GError **error);
gboolean spool_remove_session_log(MchSpool *spool, guint number, GError **error);

/* FALSE when a process holds the lock of the file @fd (a deliver that outlived its manager). */
gboolean spool_try_lock(int fd);

/* Free bytes of the file system for this user; G_MAXUINT64 when nobody knows. */
guint64 spool_free_space(const MchSpool *spool, guint64 *ret_total);
