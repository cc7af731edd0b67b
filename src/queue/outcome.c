/*
 * outcome.c: see outcome.h. Called by session.c as fates come in, by recover.c with what an earlier
 * manager did not live to write down, and by report.c when a bounce is safe.
 *
 * The journal line is on disk before anything follows from it. Dies before: the session log still
 * has the fate, recover.c brings it here again. A message is unlinked only when every recipient has
 * it or somebody was told.
 */
#include "config.h"
#include "queue/outcome.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "queue/report.h"
#include <errno.h>
#include <string.h>

static void log_fates(const MchEntry *entry, const GPtrArray *events, const char *relay)
{
	gint64 delay = clock_wall_seconds() - entry->accepted;

	for (guint i = 0; i < events->len; i++) {
		const MchSessionEvent *event = events->pdata[i];
		if (event->fate == MCH_FATE_UNTRIED)
			continue;
		log_line(event->fate == MCH_FATE_SENT ? G_LOG_LEVEL_INFO : G_LOG_LEVEL_MESSAGE,
			 &(MchLogFields){ .id = entry->id, .relay = relay, .reply = event->text },
			 "%s: to=<%s>, relay=%s, fate=%s, delay=%" G_GINT64_FORMAT "s, reply=%s",
			 entry->id, event->address ? event->address : "?", relay ? relay : "-",
			 fate_name(event->fate), delay, event->text ? event->text : "-");
	}
}

/* TRUE when each of 1..@n has a target and all targets are sent. */
static gboolean all_sent(const GPtrArray *events, guint n)
{
	g_autofree guint8 *has = g_malloc0(n + 1);
	guint found = 0;

	for (guint i = 0; i < events->len; i++) {
		const MchSessionEvent *event = events->pdata[i];
		if (event->fate != MCH_FATE_SENT || event->rcpt > n)
			return FALSE;
		found += !has[event->rcpt];
		has[event->rcpt] = 1;
	}
	return n > 0 && found == n;
}

static void remove_message(MchManager *manager, MchEntry *entry)
{
	g_autoptr(GError) error = NULL;

	/* Comes back after a power cut? Its session log says "sent" and outlives that. */
	if (!spool_remove_message(manager->spool, entry->id, &error))
		log_warning(&(MchLogFields){ .id = entry->id }, "ALARM %s: %s", entry->id,
			    error->message);
	schedule_remove(manager->schedule, entry);
}

static gboolean is_said(const MchSessionEvent *event)
{
	return event->fate != MCH_FATE_UNTRIED;
}

static gboolean any_said(const GPtrArray *events)
{
	for (guint i = 0; i < events->len; i++)
		if (is_said(events->pdata[i]))
			return TRUE;
	return FALSE;
}

static GString *print_events(const GPtrArray *events, const MchJournal *journal)
{
	GString *lines = g_string_new(NULL);
	gint64 now = clock_wall_seconds();

	for (guint i = 0; i < events->len; i++) {
		const MchSessionEvent *event = events->pdata[i];
		if (event->address && !spool_journal_find(journal, event->rcpt, event->sub))
			spool_journal_print_expand(lines, now, event->rcpt, event->sub,
						   event->address);
	}
	for (guint i = 0; i < events->len; i++) {
		const MchSessionEvent *event = events->pdata[i];
		if (is_said(event))
			spool_journal_print_fate(lines, now, event->rcpt, event->sub, event->fate,
						 event->text);
	}
	return lines;
}

static gboolean write_journal(MchManager *manager, MchEntry *entry, const GPtrArray *events,
			      GError **error)
{
	mch_autofd int fd = spool_open_message(manager->spool, entry->id, TRUE, error);
	g_autoptr(MchSpoolHeader) header = fd < 0 ? NULL : spool_format_read(fd, error);
	g_autoptr(MchJournal) journal = header ? spool_journal_read(fd, header, error) : NULL;

	if (!journal)
		return FALSE;
	g_autoptr(GString) lines = print_events(events, journal);
	entry->has_journal = TRUE;
	return spool_journal_append(fd, lines, error);
}

void outcome_set_aside(MchManager *manager, const char *id, const char *why)
{
	MchEntry *entry = schedule_find(manager->schedule, id);
	g_autoptr(GError) error = NULL;

	log_warning(&(MchLogFields){ .id = id },
		    "ALARM %s: queue file is damaged (%s); moved to %s/damaged/, not sent", id, why,
		    manager->spool_path);
	if (!spool_set_aside(manager->spool, id, &error))
		log_warning(&(MchLogFields){ .id = id }, "ALARM %s: %s", id, error->message);
	if (entry)
		schedule_remove(manager->schedule, entry);
}

/* A file that cannot be used: damaged ones are set aside, others wait (a full disk, another version). */
static void handle_unusable(MchManager *manager, MchEntry *entry, const GError *error)
{
	if (g_error_matches(error, MCH_SYSTEM_ERROR, ENOENT)) {
		schedule_remove(manager->schedule, entry);
		return;
	}
	if (g_error_matches(error, MCH_FORMAT_ERROR, MCH_FORMAT_ERROR_DAMAGED)) {
		outcome_set_aside(manager, entry->id, error->message);
		return;
	}
	log_warning(&(MchLogFields){ .id = entry->id }, "ALARM %s: %s", entry->id, error->message);
	outcome_untried(manager, entry, error->message);
}

void outcome_untried(MchManager *manager, MchEntry *entry, const char *why)
{
	gint64 wait = why ? manager_backoff_ms(manager, 1) : 0;

	g_free(entry->why);
	entry->why = g_strdup(why);
	schedule_set_state(manager->schedule, entry, MCH_ENTRY_WAITING, clock_boot_ms() + wait);
}

typedef struct {
	gboolean all_final;  /* nothing is left to try */
	gboolean unreported; /* a refusal that nobody was told of */
} Summary;

static Summary summarize(const MchSpoolHeader *header, const MchJournal *journal)
{
	guint n = header->recipients->len;
	g_autofree guint8 *has = g_malloc0(n + 1);
	Summary summary = { .all_final = TRUE };
	guint found = 0;

	for (guint i = 0; i < journal->targets->len; i++) {
		const MchTarget *target = journal->targets->pdata[i];
		found += !has[target->rcpt];
		has[target->rcpt] = 1;
		summary.all_final &= fate_is_final(target->fate);
		summary.unreported |= target->fate == MCH_FATE_PERM && !target->reported;
	}
	summary.all_final &= found == n;
	return summary;
}

/* Nobody to tell: a refused bounce, or mail with the null sender. */
static gboolean keep_failed(MchManager *manager, MchEntry *entry, int fd, const MchJournal *journal,
			    GError **error)
{
	const char *text = "refused for good, and there is no sender to tell";

	if (!journal->failed) {
		g_autoptr(GString) line = g_string_new(NULL);
		spool_journal_print_failed(line, clock_wall_seconds(), text);
		if (!spool_journal_append(fd, line, error))
			return FALSE;
		log_warning(&(MchLogFields){ .id = entry->id },
			    "ALARM %s: %s; kept as failed: see mailq, then delete it or try again",
			    entry->id, text);
	}
	schedule_set_state(manager->schedule, entry, MCH_ENTRY_FAILED, 0);
	return TRUE;
}

static gboolean decide(MchManager *manager, MchEntry *entry, GError **error)
{
	mch_autofd int fd = spool_open_message(manager->spool, entry->id, TRUE, error);
	g_autoptr(MchSpoolHeader) header = fd < 0 ? NULL : spool_format_read(fd, error);
	g_autoptr(MchJournal) journal = header ? spool_journal_read(fd, header, error) : NULL;

	if (!journal)
		return FALSE;
	Summary summary = summarize(header, journal);
	entry->attempts = (guint16)MIN(journal->attempts, G_MAXUINT16);
	g_clear_pointer(&entry->why, g_free);
	if (summary.unreported && header->from[0] != '\0')
		return report_start(manager, entry, header, journal, error);
	if (summary.all_final && summary.unreported)
		return keep_failed(manager, entry, fd, journal, error);
	if (summary.all_final) {
		remove_message(manager, entry);
		return TRUE;
	}
	gint64 wait = entry->attempts ? manager_backoff_ms(manager, entry->attempts) : 0;
	schedule_set_state(manager->schedule, entry, MCH_ENTRY_WAITING, clock_boot_ms() + wait);
	return TRUE;
}

void outcome_decide(MchManager *manager, MchEntry *entry)
{
	g_autoptr(GError) error = NULL;

	if (!decide(manager, entry, &error))
		handle_unusable(manager, entry, error);
	manager_kick(manager);
}

gboolean outcome_apply(MchManager *manager, const char *id, const GPtrArray *events,
		       const char *relay)
{
	MchEntry *entry = schedule_find(manager->schedule, id);
	g_autoptr(GError) error = NULL;

	if (!entry)
		return TRUE; /* finished before, or deleted */
	if (!any_said(events)) {
		outcome_untried(manager, entry, NULL);
		return TRUE;
	}
	log_fates(entry, events, relay);
	if (!entry->has_journal && all_sent(events, entry->n_recipients)) {
		remove_message(manager, entry);
		return TRUE;
	}
	if (write_journal(manager, entry, events, &error)) {
		outcome_decide(manager, entry);
		return TRUE;
	}
	if (g_error_matches(error, MCH_FORMAT_ERROR, MCH_FORMAT_ERROR_DAMAGED)) {
		outcome_set_aside(manager, id, error->message);
		return TRUE;
	}
	/* The session log has the fates and stays; the message rests until they are written. */
	log_warning(&(MchLogFields){ .id = id }, "ALARM %s: its journal cannot be written: %s", id,
		    error->message);
	schedule_set_state(manager->schedule, entry, MCH_ENTRY_ORPHANED, 0);
	return FALSE;
}
