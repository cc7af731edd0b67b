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
	g_free(event->text);
	g_free(event);
}

/* The event of this message and target, made when it is new. */
static MchSessionEvent *get_event(GPtrArray *events, GHashTable *by_key, const char *id, guint rcpt,
				  guint sub)
{
	g_autofree char *key = g_strdup_printf("%s %u.%u", id, rcpt, sub);
	MchSessionEvent *event = g_hash_table_lookup(by_key, key);

	if (event)
		return event;
	event = g_new0(MchSessionEvent, 1);
	event->id = g_strdup(id);
	event->rcpt = rcpt;
	event->sub = sub;
	g_ptr_array_add(events, event);
	g_hash_table_insert(by_key, g_steal_pointer(&key), event);
	return event;
}

static void take_dot(GPtrArray *events, GHashTable *by_key, const char *id, char *numbers)
{
	g_auto(GStrv) list = g_strsplit(numbers, ",", -1);

	for (char **number = list; *number; number++) {
		g_autofree char *padded = g_strconcat(*number, " ", NULL);
		char *next = padded;
		guint rcpt, sub;
		if (!sum_line_take_number(&next, &rcpt, &sub))
			continue;
		MchSessionEvent *event = get_event(events, by_key, id, rcpt, sub);
		event->fate = MCH_FATE_DOUBT;
		g_clear_pointer(&event->text, g_free);
	}
}

static void take_fate(GPtrArray *events, GHashTable *by_key, const char *id, char *rest)
{
	guint rcpt, sub;
	MchFateKind kind;

	if (!sum_line_take_number(&rest, &rcpt, &sub))
		return;
	char *space = strchr(rest, ' ');
	if (space)
		*space = '\0';
	if (!fate_from_name(rest, &kind))
		return;
	MchSessionEvent *event = get_event(events, by_key, id, rcpt, sub);
	event->fate = kind;
	g_free(event->text);
	event->text = space ? g_strdup(space + 1) : NULL;
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
	g_autoptr(GHashTable) by_key = NULL;
	GPtrArray *events;

	if (!text)
		return NULL;
	events = g_ptr_array_new_with_free_func(free_event);
	by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (char *line = text->str, *next; (next = sum_line_next(line, text)); line = next) {
		if (!sum_line_verify(line))
			continue;
		char *id = strchr(line, ' ');
		char *rest = id ? strchr(id + 1, ' ') : NULL;
		if (!rest)
			continue;
		*id++ = '\0';
		*rest++ = '\0';
		if (!spool_id_is_valid(id))
			continue;
		if (strcmp(line, "dot") == 0)
			take_dot(events, by_key, id, rest);
		else if (strcmp(line, "fate") == 0)
			take_fate(events, by_key, id, rest);
	}
	return events;
}
