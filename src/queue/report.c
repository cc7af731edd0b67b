/*
 * report.c: see report.h.
 *
 * The bounce's id is ORIGINAL.bounce.SEQ with SEQ from the journal: after a crash the same bounce
 * gets the same id, and the commit of one that exists already says so (RENAME_NOREPLACE). So none
 * is lost and none is sent twice, whatever dies between writing it and noting it in the original.
 */
#include "config.h"
#include "queue/report.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "queue/door.h"
#include "queue/outcome.h"
#include "queue/spawn.h"
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MAX 1024

typedef struct {
	MchManager *manager;
	char *id; /* the original */
	char *bounce_id;
	GPtrArray *targets; /* "N.M", char* */
	int file;	    /* tmp/BOUNCE-ID */
	int status;	    /* the bounce process's one line */
} Report;

static void free_report(Report *report)
{
	report->manager->n_reports--;
	fd_clear(&report->file);
	fd_clear(&report->status);
	g_ptr_array_unref(report->targets);
	g_free(report->id);
	g_free(report->bounce_id);
	g_free(report);
}

static gboolean note_reported(Report *report, GError **error)
{
	MchSpool *spool = report->manager->spool;
	mch_autofd int fd = spool_open_message(spool, report->id, TRUE, error);
	g_autoptr(GString) lines = g_string_new(NULL);

	if (fd < 0)
		return FALSE;
	for (guint i = 0; i < report->targets->len; i++) {
		char *dot;
		guint rcpt = (guint)strtoul(report->targets->pdata[i], &dot, 10);
		spool_journal_print_reported(lines, clock_wall_seconds(), rcpt,
					     (guint)strtoul(dot + 1, NULL, 10), report->bounce_id);
	}
	return spool_journal_append(fd, lines, error);
}

/* It could not be written or committed: the original waits and this is done again. */
static void fail(Report *report, const char *why)
{
	MchManager *manager = report->manager;
	MchEntry *entry = schedule_find(manager->schedule, report->id);

	log_warning(&(MchLogFields){ .id = report->id },
		    "ALARM %s: no bounce could be written, will try again: %s", report->id, why);
	(void)spool_remove_tmp(manager->spool, report->bounce_id, NULL);
	if (entry)
		outcome_untried(manager, entry, why);
	free_report(report);
	manager_kick(manager);
}

static void on_committed(gboolean committed, gpointer data)
{
	Report *report = data;
	MchManager *manager = report->manager;
	MchEntry *entry = schedule_find(manager->schedule, report->id);
	g_autoptr(GError) error = NULL;

	if (!committed && !schedule_find(manager->schedule, report->bounce_id)) {
		fail(report, "the queue did not take it");
		return;
	}
	if (!note_reported(report, &error)) {
		fail(report, error->message);
		return;
	}
	log_notice(&(MchLogFields){ .id = report->id }, "%s: sender is told by bounce %s",
		   report->id, report->bounce_id);
	free_report(report);
	if (entry)
		outcome_decide(manager, entry);
}

static gboolean on_status(int fd, GIOCondition condition, gpointer data)
{
	Report *report = data;
	char line[ANSWER_MAX + 1];
	gssize n = fd_read(fd, line, ANSWER_MAX, NULL);

	(void)condition;
	line[MAX(n, 0)] = '\0';
	g_strchomp(line);
	if (strcmp(line, "ok") == 0)
		door_commit_own(report->manager->door, report->bounce_id, fd_steal(&report->file),
				on_committed, report);
	else
		fail(report, n > 0 ? line : "mailchute-bounce ended without a word");
	return G_SOURCE_REMOVE;
}

static void forget_child(GPid pid, int status, gpointer data)
{
	(void)status;
	(void)data;
	g_spawn_close_pid(pid);
}

static gboolean spawn_bounce(Report *report, int message, int status, GError **error)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autofree char *now = g_strdup_printf("%" G_GINT64_FORMAT, clock_wall_seconds());
	const int fds[] = { message, report->file, status };

	g_ptr_array_add(argv, (gpointer) "mailchute-bounce");
	g_ptr_array_add(argv, report->bounce_id);
	g_ptr_array_add(argv, now);
	g_ptr_array_add(argv, report->manager->host);
	for (guint i = 0; i < report->targets->len; i++)
		g_ptr_array_add(argv, report->targets->pdata[i]);
	g_ptr_array_add(argv, NULL);
	GPid pid = spawn_helper((const char *const *)argv->pdata, fds, G_N_ELEMENTS(fds), error);
	if (pid)
		(void)g_child_watch_add(pid, forget_child, NULL);
	return pid != 0;
}

static GPtrArray *list_unreported(const MchJournal *journal)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < journal->targets->len; i++) {
		const MchTarget *target = journal->targets->pdata[i];
		if (target->fate == MCH_FATE_PERM && !target->reported)
			g_ptr_array_add(list, g_strdup_printf("%u.%u", target->rcpt, target->sub));
	}
	return list;
}

static gboolean start(Report *report, GError **error)
{
	MchManager *manager = report->manager;
	int pair[2];

	mch_autofd int message = spool_open_message(manager->spool, report->id, FALSE, error);
	if (message < 0)
		return FALSE;
	/* A file of the same name is what an earlier manager left when it died: not committed. */
	(void)spool_remove_tmp(manager->spool, report->bounce_id, NULL);
	report->file = spool_create_tmp(manager->spool, report->bounce_id, error);
	if (report->file < 0)
		return FALSE;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_set_system(error, errno, "socketpair");
	report->status = pair[0];
	mch_autofd int theirs = pair[1];
	if (!spawn_bounce(report, message, theirs, error))
		return FALSE;
	(void)g_unix_fd_add(report->status, G_IO_IN | G_IO_HUP, on_status, report);
	return TRUE;
}

gboolean report_start(MchManager *manager, MchEntry *entry, const MchSpoolHeader *header,
		      const MchJournal *journal, GError **error)
{
	Report *report = g_new0(Report, 1);

	manager->n_reports++;
	*report = (Report){ .manager = manager,
			    .id = g_strdup(header->id),
			    .bounce_id = g_strdup_printf("%s.bounce.%u", header->id,
							 journal->n_reports + 1),
			    .targets = list_unreported(journal),
			    .file = -1,
			    .status = -1 };
	schedule_set_state(manager->schedule, entry, MCH_ENTRY_REPORTING, 0);
	if (start(report, error))
		return TRUE;
	free_report(report);
	return FALSE;
}
