/*
 * recover.c: see recover.h.
 *
 * Order matters. First all queue files come into the schedule, then session logs that nobody holds
 * are copied into journals (a sent message is removed, a dot without a fate becomes doubt), then
 * the logs go. A log that is still locked belongs to a deliver that outlived its manager: it will
 * finish its message and write the fate, so every message that it may hold is left alone until the
 * lock is free. Dies at any point: the next start does the same again.
 */
#include "config.h"
#include "queue/recover.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "queue/outcome.h"
#include "queue/session.h"
#include "spool/session-log.h"
#include "spool/spool-format.h"
#include "spool/spool-journal.h"
#include "spool/spool-scan.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TMP_AGE_SEC	3600 /* no receive takes longer without a byte */
#define ORPHAN_POLL_SEC 1

/* One queue file: header, and whether there is a journal behind the message. */
static gboolean load_message(MchManager *manager, const char *id, GError **error)
{
	mch_autofd int fd = spool_open_message(manager->spool, id, FALSE, error);
	g_autoptr(MchSpoolHeader) header = fd < 0 ? NULL : spool_format_read(fd, error);
	struct stat status;

	if (!header)
		return FALSE;
	if (strcmp(header->id, id) != 0) {
		g_set_error(error, MCH_FORMAT_ERROR, MCH_FORMAT_ERROR_DAMAGED,
			    "queue file: its id line says %s", header->id);
		return FALSE;
	}
	if (fstat(fd, &status) < 0)
		return error_set_system(error, errno, "fstat queue/%s", id);
	MchEntry *entry = schedule_add(manager->schedule, id, clock_boot_ms());
	entry->accepted = header->time;
	entry->size = header->size;
	entry->uid = header->uid;
	entry->n_recipients = header->recipients->len;
	entry->has_journal = (guint64)status.st_size > (guint64)header->body_offset + header->size;
	return TRUE;
}

static void load_or_set_aside(MchManager *manager, const char *id)
{
	g_autoptr(GError) error = NULL;

	if (load_message(manager, id, &error))
		return;
	if (g_error_matches(error, MCH_FORMAT_ERROR, MCH_FORMAT_ERROR_DAMAGED))
		outcome_set_aside(manager, id, error->message);
	else
		log_warning(&(MchLogFields){ .id = id }, "ALARM %s: left where it is: %s", id,
			    error->message);
}

static gboolean load_queue(MchManager *manager, GError **error)
{
	g_autoptr(GPtrArray) ids = spool_scan_queue(manager->spool, error);

	if (!ids)
		return FALSE;
	for (guint i = 0; i < ids->len; i++)
		load_or_set_aside(manager, ids->pdata[i]);
	return TRUE;
}

/* --- session logs -------------------------------------------------------------------------- */

static void mark_orphaned(MchManager *manager, const char *id)
{
	MchEntry *entry = schedule_find(manager->schedule, id);

	if (entry)
		schedule_set_state(manager->schedule, entry, MCH_ENTRY_ORPHANED, 0);
}

static void mark_events(MchManager *manager, const GPtrArray *events)
{
	for (guint i = 0; i < events->len; i++)
		mark_orphaned(manager, ((MchSessionEvent *)events->pdata[i])->id);
}

/* The message in the hands of a living deliver is locked, also before its first log line. */
static void mark_locked(MchManager *manager)
{
	g_autoptr(GPtrArray) ids = schedule_list_ids(manager->schedule);

	for (guint i = 0; i < ids->len; i++) {
		mch_autofd int fd = spool_open_message(manager->spool, ids->pdata[i], FALSE, NULL);
		if (fd >= 0 && !spool_try_lock(fd))
			mark_orphaned(manager, ids->pdata[i]);
	}
}

/* Events of one log, message by message. FALSE when one could not be written down. */
static gboolean apply_events(MchManager *manager, GPtrArray *events)
{
	gboolean ok = TRUE;
	guint next;

	for (guint first = 0; first < events->len; first = next) {
		const char *id = ((MchSessionEvent *)events->pdata[first])->id;
		g_autoptr(GPtrArray) group = g_ptr_array_new();
		for (next = first; next < events->len; next++) {
			MchSessionEvent *event = events->pdata[next];
			if (strcmp(event->id, id) != 0)
				break;
			if (event->fate == MCH_FATE_DOUBT && !event->text)
				event->text = g_strdup("a crash after the final dot");
			g_ptr_array_add(group, event);
		}
		ok &= outcome_apply(manager, id, group, NULL);
	}
	return ok;
}

/* FALSE when the log has to be looked at again: its deliver lives, or a fate could not be written. */
static gboolean take_log(MchManager *manager, guint number)
{
	g_autoptr(GError) error = NULL;
	mch_autofd int fd = spool_open_session_log(manager->spool, number, &error);

	if (fd < 0 || session_owns_log(manager, number))
		return TRUE;
	gboolean is_free = spool_try_lock(fd);
	g_autoptr(GPtrArray) events = session_log_read(fd, &error);
	if (!is_free || !events) {
		if (events)
			mark_events(manager, events);
		return FALSE;
	}
	if (!apply_events(manager, events))
		return FALSE;
	if (!spool_sync_queue(manager->spool, &error) ||
	    !spool_remove_session_log(manager->spool, number, &error))
		log_warning(NULL, "ALARM session log %u: %s", number, error->message);
	return TRUE;
}

/* TRUE when a deliver that is not ours holds its log. */
static gboolean any_alive(MchManager *manager)
{
	g_autoptr(GPtrArray) numbers = spool_scan_sessions(manager->spool, NULL);

	for (guint i = 0; numbers && i < numbers->len; i++) {
		mch_autofd int fd = spool_open_session_log(
			manager->spool, GPOINTER_TO_UINT(numbers->pdata[i]), NULL);
		if (fd >= 0 && !spool_try_lock(fd))
			return TRUE;
	}
	return FALSE;
}

/* Messages that were left alone become ordinary again once no orphan is alive. */
static void release_orphans(MchManager *manager)
{
	g_autoptr(GPtrArray) ids = schedule_list_ids(manager->schedule);

	for (guint i = 0; i < ids->len; i++) {
		MchEntry *entry = schedule_find(manager->schedule, ids->pdata[i]);
		if (entry && entry->state == MCH_ENTRY_ORPHANED)
			outcome_decide(manager, entry);
	}
}

static guint take_logs(MchManager *manager)
{
	g_autoptr(GPtrArray) numbers = spool_scan_sessions(manager->spool, NULL);
	guint alive = 0;

	for (guint i = 0; numbers && i < numbers->len; i++)
		alive += !take_log(manager, GPOINTER_TO_UINT(numbers->pdata[i]));
	return alive;
}

static gboolean look_after_orphans(gpointer data)
{
	MchManager *manager = data;

	manager->n_orphans = take_logs(manager);
	if (manager->n_orphans > 0)
		return G_SOURCE_CONTINUE;
	release_orphans(manager);
	manager_kick(manager);
	return G_SOURCE_REMOVE;
}

void recover_watch_logs(MchManager *manager)
{
	if (manager->n_orphans == 0)
		(void)g_timeout_add_seconds(ORPHAN_POLL_SEC, look_after_orphans, manager);
	manager->n_orphans = MAX(manager->n_orphans, 1);
}

static void decide_all(MchManager *manager)
{
	g_autoptr(GPtrArray) ids = schedule_list_ids(manager->schedule);

	for (guint i = 0; i < ids->len; i++) {
		MchEntry *entry = schedule_find(manager->schedule, ids->pdata[i]);
		if (entry && entry->has_journal && entry->state == MCH_ENTRY_WAITING)
			outcome_decide(manager, entry);
	}
}

gboolean recover_spool(MchManager *manager, GError **error)
{
	if (!load_queue(manager, error))
		return FALSE;
	/* First the locks, then the logs: a deliver writes the fate before it lets go of the lock,
	 * so a message that is seen unlocked has its fate in the log that is read next. */
	if (any_alive(manager)) {
		log_notice(NULL, "a deliver of an earlier mailchuted is still at work");
		mark_locked(manager);
	}
	if (take_logs(manager) > 0)
		recover_watch_logs(manager);
	decide_all(manager);
	guint swept = spool_sweep_tmp(manager->spool, TMP_AGE_SEC);
	if (swept > 0)
		log_notice(NULL, "%u files that were never accepted swept from %s/tmp/", swept,
			   manager->spool_path);
	return TRUE;
}
