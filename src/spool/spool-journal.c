/*
 * spool-journal.c: the append-only journal behind a message; see spool-journal.h.
 *
 * Written by mailchuted alone, read by mailchuted, deliver and bounce. A line counts only with its
 * checksum, so a write torn by a crash is as if it had never been: the step is done again.
 */
#include "config.h"
#include "spool/spool-journal.h"
#include "base/error.h"
#include "base/fd.h"
#include "spool/sum-line.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOURNAL_MAX (64 * 1024 * 1024)

static const char *const fate_names[] = { "untried", "temp", "sent", "perm", "doubt" };

const char *fate_name(MchFateKind kind)
{
	return fate_names[kind];
}

gboolean fate_from_name(const char *name, MchFateKind *ret_kind)
{
	for (guint i = 0; i < G_N_ELEMENTS(fate_names); i++) {
		if (strcmp(name, fate_names[i]) == 0) {
			*ret_kind = (MchFateKind)i;
			return TRUE;
		}
	}
	return FALSE;
}

gboolean fate_is_final(MchFateKind kind)
{
	return kind == MCH_FATE_SENT || kind == MCH_FATE_PERM;
}

static void free_target(gpointer data)
{
	MchTarget *target = data;

	g_free(target->address);
	g_free(target->text);
	g_free(target);
}

void spool_journal_free(MchJournal *journal)
{
	if (!journal)
		return;
	g_ptr_array_unref(journal->targets);
	g_free(journal->failed);
	g_free(journal);
}

MchTarget *spool_journal_find(const MchJournal *journal, guint rcpt, guint sub)
{
	for (guint i = 0; i < journal->targets->len; i++) {
		MchTarget *target = journal->targets->pdata[i];
		if (target->rcpt == rcpt && target->sub == sub)
			return target;
	}
	return NULL;
}

typedef struct {
	const MchSpoolHeader *header;
	MchJournal *journal;
	GHashTable *by_number; /* (rcpt << 32 | sub) as gint64 -> MchTarget: journals can be long */
	gint64 last_fate_time;
} Reader;

static MchTarget *look_up(Reader *reader, guint rcpt, guint sub)
{
	gint64 key = (gint64)((guint64)rcpt << 32 | sub);

	return g_hash_table_lookup(reader->by_number, &key);
}

static gboolean take_expand(Reader *reader, gint64 time, guint rcpt, guint sub, char *rest)
{
	MchTarget *target = look_up(reader, rcpt, sub);

	(void)time;
	if (*rest == '\0' || rcpt > reader->header->recipients->len)
		return FALSE;
	if (!target) {
		gint64 *key = g_new(gint64, 1);
		*key = (gint64)((guint64)rcpt << 32 | sub);
		target = g_new0(MchTarget, 1);
		target->rcpt = rcpt;
		target->sub = sub;
		g_ptr_array_add(reader->journal->targets, target);
		g_hash_table_insert(reader->by_number, key, target);
	}
	g_free(target->address);
	target->address = g_strdup(rest);
	return TRUE;
}

static gboolean take_fate(Reader *reader, gint64 time, guint rcpt, guint sub, char *rest)
{
	MchTarget *target = look_up(reader, rcpt, sub);
	char *space = strchr(rest, ' ');
	MchFateKind kind;

	if (space)
		*space = '\0';
	if (!target || !fate_from_name(rest, &kind))
		return FALSE;
	if (fate_is_final(target->fate))
		return TRUE; /* logs of several sessions may be copied in any order */
	target->fate = kind;
	target->fate_time = time;
	g_free(target->text);
	target->text = space ? g_strdup(space + 1) : NULL;
	/* The fates of one attempt carry one time. */
	if (time != reader->last_fate_time)
		reader->journal->attempts++;
	reader->last_fate_time = time;
	return TRUE;
}

static gboolean take_reported(Reader *reader, gint64 time, guint rcpt, guint sub, char *rest)
{
	MchTarget *target = look_up(reader, rcpt, sub);

	const char *dot = strrchr(rest, '.');

	(void)time;
	if (!target || !dot)
		return FALSE;
	target->reported = TRUE;
	/* Bounce ids end in a number that counts up. */
	reader->journal->n_reports = MAX(reader->journal->n_reports,
					 (guint)g_ascii_strtoull(dot + 1, NULL, 10));
	return TRUE;
}

static const struct {
	const char *word;
	gboolean (*take)(Reader *reader, gint64 time, guint rcpt, guint sub, char *rest);
} words[] = {
	{ "expand ", take_expand },
	{ "fate ", take_fate },
	{ "reported ", take_reported },
};

/* "@TIME word N.M rest": @line is changed. */
static gboolean parse_line(Reader *reader, char *line)
{
	char *next;

	if (*line != '@')
		return FALSE;
	gint64 time = (gint64)g_ascii_strtoull(line + 1, &next, 10);
	if (next == line + 1 || *next++ != ' ')
		return FALSE;
	if (g_str_has_prefix(next, "failed ")) {
		g_free(reader->journal->failed);
		reader->journal->failed = g_strdup(next + strlen("failed "));
		return TRUE;
	}
	for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
		guint rcpt, sub;
		if (!g_str_has_prefix(next, words[i].word))
			continue;
		next += strlen(words[i].word);
		return sum_line_take_number(&next, &rcpt, &sub) &&
		       words[i].take(reader, time, rcpt, sub, next);
	}
	return TRUE; /* a later version's word: its line verified, so skip it */
}

/* All bytes behind the message, NUL-terminated. */
static GString *read_tail(int fd, const MchSpoolHeader *header, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	off_t at = header->body_offset + (off_t)header->size;

	for (;;) {
		char block[8192];
		gssize n = fd_pread(fd, block, sizeof block, at, error);
		if (n < 0)
			return NULL;
		if (n == 0)
			return g_steal_pointer(&text);
		g_string_append_len(text, block, n);
		at += n;
		if (text->len > JOURNAL_MAX) {
			g_set_error(error, MCH_FORMAT_ERROR, MCH_FORMAT_ERROR_LIMIT,
				    "queue file: journal of more than %d bytes", JOURNAL_MAX);
			return NULL;
		}
	}
}

MchJournal *spool_journal_read(int fd, const MchSpoolHeader *header, GError **error)
{
	g_autoptr(GString) text = read_tail(fd, header, error);
	g_autoptr(MchJournal) journal = NULL;
	Reader reader = { .header = header };

	if (!text)
		return NULL;
	journal = g_new0(MchJournal, 1);
	journal->targets = g_ptr_array_new_with_free_func(free_target);
	reader.journal = journal;
	reader.by_number = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	gboolean ok = TRUE;
	for (char *line = text->str, *next; ok && (next = sum_line_next(line, text)); line = next) {
		/* A torn write may stand anywhere (good lines were appended later): what does not
		 * verify was never said. What verifies must parse. */
		if (sum_line_verify(line))
			ok = parse_line(&reader, line);
	}
	g_hash_table_unref(reader.by_number);
	if (!ok) {
		g_set_error(error, MCH_FORMAT_ERROR, MCH_FORMAT_ERROR_DAMAGED,
			    "queue file: a journal line that verifies says something impossible");
		return NULL;
	}
	return g_steal_pointer(&journal);
}

void spool_journal_print_expand(GString *lines, gint64 now, guint rcpt, guint sub,
				const char *address)
{
	sum_line_print(lines, "@%" G_GINT64_FORMAT " expand %u.%u %s", now, rcpt, sub, address);
}

void spool_journal_print_fate(GString *lines, gint64 now, guint rcpt, guint sub, MchFateKind kind,
			      const char *text)
{
	sum_line_print(lines, "@%" G_GINT64_FORMAT " fate %u.%u %s %s", now, rcpt, sub,
		       fate_name(kind), text ? text : "");
}

void spool_journal_print_reported(GString *lines, gint64 now, guint rcpt, guint sub,
				  const char *bounce_id)
{
	sum_line_print(lines, "@%" G_GINT64_FORMAT " reported %u.%u %s", now, rcpt, sub, bounce_id);
}

void spool_journal_print_failed(GString *lines, gint64 now, const char *text)
{
	sum_line_print(lines, "@%" G_GINT64_FORMAT " failed %s", now, text);
}

gboolean spool_journal_append(int fd, const GString *lines, GError **error)
{
	struct stat status;
	char last = '\n';

	if (fstat(fd, &status) < 0)
		return error_set_system(error, errno, "fstat queue file");
	if (status.st_size > 0 && fd_pread(fd, &last, 1, status.st_size - 1, error) < 0)
		return FALSE;
	/* One write: what a torn write before us left becomes a line of its own, and the message's
	 * last byte, when it is no line feed, is followed by one (sum_line_next skips it). */
	g_autoptr(GString) whole = g_string_new(last == '\n' ? "" : "\n");
	g_string_append_len(whole, lines->str, (gssize)lines->len);
	return fd_pwrite_all(fd, whole->str, whole->len, status.st_size, error) &&
	       fd_sync_data(fd, "queue file", error);
}
