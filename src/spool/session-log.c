/*
 * session-log.c: see session-log.h.
 *
 * Written by one deliver, read by mailchuted while that deliver lives and after it died. The dot
 * line is on disk before the final dot can be on the wire: after any crash we know which messages
 * the relay may have accepted.
 */
#include "config.h"
#include "spool/session-log.h"
#include "base/error.h"
#include "base/fd.h"
#include "spool/sum-line.h"
#include <string.h>

gboolean session_log_plan(int fd, const char *id, const GPtrArray *targets, GError **error)
{
	g_autoptr(GString) lines = g_string_new(NULL);

	for (guint i = 0; i < targets->len; i++) {
		const MchTarget *target = targets->pdata[i];
		sum_line_print(lines, "plan %s %u.%u %s", id, target->rcpt, target->sub,
			       target->address);
	}
	return fd_write_all(fd, lines->str, lines->len, error);
}

gboolean session_log_dot(int fd, const char *id, const GPtrArray *targets, GError **error)
{
	g_autoptr(GString) numbers = g_string_new(NULL);
	g_autoptr(GString) line = g_string_new(NULL);

	for (guint i = 0; i < targets->len; i++) {
		const MchTarget *target = targets->pdata[i];
		g_string_append_printf(numbers, "%s%u.%u", i ? "," : "", target->rcpt, target->sub);
	}
	sum_line_print(line, "dot %s %s", id, numbers->str);
	return fd_write_all(fd, line->str, line->len, error) &&
	       fd_sync_data(fd, "session log", error);
}

gboolean session_log_fate(int fd, const char *id, guint rcpt, guint sub, MchFateKind kind,
			  const char *text, GError **error)
{
	g_autoptr(GString) line = g_string_new(NULL);

	sum_line_print(line, "fate %s %u.%u %s %s", id, rcpt, sub, fate_name(kind),
		       text ? text : "");
	return fd_write_all(fd, line->str, line->len, error);
}

static void free_event(gpointer data)
{
	MchSessionEvent *event = data;

	g_free(event->id);
	g_free(event->address);
	g_free(event->text);
	g_free(event);
}

typedef struct {
	GPtrArray *events;
	GHashTable *by_key; /* "ID N.M" -> MchSessionEvent */
} Reader;

static MchSessionEvent *find_event(Reader *reader, const char *id, guint rcpt, guint sub)
{
	g_autofree char *key = g_strdup_printf("%s %u.%u", id, rcpt, sub);

	return g_hash_table_lookup(reader->by_key, key);
}

static void take_plan(Reader *reader, const char *id, char *rest)
{
	guint rcpt, sub;

	if (!sum_line_take_number(&rest, &rcpt, &sub) || *rest == '\0')
		return;
	MchSessionEvent *event = find_event(reader, id, rcpt, sub);
	if (!event) {
		event = g_new0(MchSessionEvent, 1);
		event->id = g_strdup(id);
		event->rcpt = rcpt;
		event->sub = sub;
		g_ptr_array_add(reader->events, event);
		g_hash_table_insert(reader->by_key, g_strdup_printf("%s %u.%u", id, rcpt, sub),
				    event);
	}
	g_free(event->address);
	event->address = g_strdup(rest);
}

static void take_dot(Reader *reader, const char *id, char *rest)
{
	g_auto(GStrv) numbers = g_strsplit(rest, ",", -1);

	for (char **number = numbers; *number; number++) {
		g_autofree char *padded = g_strconcat(*number, " ", NULL);
		char *next = padded;
		guint rcpt, sub;
		MchSessionEvent *event = NULL;
		if (sum_line_take_number(&next, &rcpt, &sub))
			event = find_event(reader, id, rcpt, sub);
		if (!event)
			continue;
		event->fate = MCH_FATE_DOUBT;
		g_clear_pointer(&event->text, g_free);
	}
}

static void take_fate(Reader *reader, const char *id, char *rest)
{
	guint rcpt, sub;
	MchFateKind kind;

	if (!sum_line_take_number(&rest, &rcpt, &sub))
		return;
	MchSessionEvent *event = find_event(reader, id, rcpt, sub);
	char *space = strchr(rest, ' ');
	if (space)
		*space = '\0';
	if (!event || !fate_from_name(rest, &kind))
		return;
	event->fate = kind;
	g_free(event->text);
	event->text = space ? g_strdup(space + 1) : NULL;
}

static const struct {
	const char *word;
	void (*take)(Reader *reader, const char *id, char *rest);
} words[] = { { "plan", take_plan }, { "dot", take_dot }, { "fate", take_fate } };

/* "WORD ID REST": @line is changed. */
static void take_line(Reader *reader, char *line)
{
	char *id = strchr(line, ' ');
	char *rest = id ? strchr(id + 1, ' ') : NULL;

	if (!rest)
		return;
	*id++ = '\0';
	*rest++ = '\0';
	if (!spool_id_is_valid(id))
		return;
	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		if (strcmp(line, words[i].word) == 0)
			words[i].take(reader, id, rest);
}

static GString *read_all(int fd, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	char block[8192];
	gssize n;

	while ((n = fd_pread(fd, block, sizeof block, (off_t)text->len, error)) > 0)
		g_string_append_len(text, block, n);
	return n < 0 ? NULL : g_steal_pointer(&text);
}

GPtrArray *session_log_read(int fd, GError **error)
{
	g_autoptr(GString) text = read_all(fd, error);
	Reader reader;

	if (!text)
		return NULL;
	reader.events = g_ptr_array_new_with_free_func(free_event);
	reader.by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (char *line = text->str, *next; (next = sum_line_next(line, text)); line = next)
		if (sum_line_verify(line))
			take_line(&reader, line);
	g_hash_table_unref(reader.by_key);
	return reader.events;
}
