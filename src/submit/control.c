/*
 * control.c: the caller's half of the control socket, and the line of a listing; see control.h.
 *
 * control_ask is called by the front end (mailq, flush); mailchuted prints items with
 * control_append_item. Keeps no state; an answer that was cut off is an error, never a short list.
 */
#include "config.h"
#include "submit/control.h"
#include "submit/client.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/text-safe.h"
#include <errno.h>
#include <poll.h>
#include <string.h>

/* A listing of a million messages; more than that is no answer of ours. */
#define ANSWER_MAX   (512u * 1024 * 1024)
#define SILENCE_MS   (60 * 1000)
#define FIELDS_FIXED 7

static gboolean send_request(int fd, MchControlVerb verb, const char *name, GError **error)
{
	MchControlRequest request = { .version = MCH_CONTROL_VERSION, .verb = verb };

	if (strlen(name) >= sizeof request.name) {
		g_set_error(error, MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_USAGE,
			    "%.20s...: not a queue id", name);
		return FALSE;
	}
	strcpy(request.name, name);
	return fd_write_all(fd, &request, sizeof request, error);
}

/* One read, after at most SILENCE_MS of waiting; the semantics of fd_read. */
static gssize read_some(int fd, char *space, gsize length, GError **error)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int n;

	do
		n = poll(&wait, 1, SILENCE_MS);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		return fd_read(fd, space, length, error);
	g_set_error_literal(error, MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_LATER,
			    "the queue manager has not answered for a minute");
	return -1;
}

static GString *read_answer(int fd, GError **error)
{
	g_autoptr(GString) answer = g_string_new(NULL);
	char space[16 * 1024];
	gssize n;

	while ((n = read_some(fd, space, sizeof space, error)) > 0) {
		g_string_append_len(answer, space, n);
		if (answer->len > ANSWER_MAX) {
			g_set_error_literal(error, MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_PROTOCOL,
					    "the queue manager's answer has no end");
			return NULL;
		}
	}
	if (n < 0)
		return NULL;
	return g_steal_pointer(&answer);
}

/* Cuts the first line off @answer and says what it means. */
static char *judge_answer(const GString *answer, GError **error)
{
	if (answer->len == 0) {
		g_set_error_literal(error, MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_NO_SERVICE,
				    "the queue manager hung up without an answer");
		return NULL;
	}
	if (answer->str[answer->len - 1] == '\n' && strlen(answer->str) == answer->len) {
		if (g_str_has_prefix(answer->str, "ok\n"))
			return g_strdup(answer->str + strlen("ok\n"));
		if (g_str_has_prefix(answer->str, "error ")) {
			const char *text = answer->str + strlen("error ");
			g_autofree char *safe = text_safe_line(text, strcspn(text, "\n"),
							       MCH_TEXT_SAFE_MAX);
			g_set_error_literal(error, MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_REFUSED,
					    safe);
			return NULL;
		}
	}
	g_set_error_literal(error, MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_PROTOCOL,
			    "the queue manager's answer was cut off: try again");
	return NULL;
}

char *control_ask(const char *path, MchControlVerb verb, const char *name, GError **error)
{
	mch_autofd int fd = client_open_socket(path, error);

	if (fd < 0 || !send_request(fd, verb, name ? name : "", error))
		return NULL;
	g_autoptr(GString) answer = read_answer(fd, error);
	return answer ? judge_answer(answer, error) : NULL;
}

static void append_text(GString *answer, const char *text)
{
	g_autofree char *safe = text_safe_line(text ? text : "", -1, MCH_TEXT_SAFE_MAX);

	g_string_append_c(answer, '\t');
	g_string_append(answer, safe);
}

void control_append_item(GString *answer, const MchControlItem *item)
{
	g_string_append_printf(answer,
			       "%s\t%" G_GINT64_FORMAT "\t%" G_GUINT32_FORMAT "\t%" G_GUINT64_FORMAT
			       "\t%s",
			       item->id, item->time, item->uid, item->size, item->state);
	append_text(answer, item->from);
	append_text(answer, item->last_error);
	for (char **r = item->recipients; r && *r; r++)
		append_text(answer, *r);
	g_string_append_c(answer, '\n');
}

static gboolean is_state(const char *text)
{
	static const char *const states[] = { "active", "deferred", "failed", "held", NULL };

	return g_strv_contains(states, text);
}

MchControlItem *control_parse_item(const char *line)
{
	g_auto(GStrv) field = g_strsplit(line, "\t", -1);
	gint64 time;
	guint64 uid, size;

	if (g_strv_length(field) < FIELDS_FIXED || field[0][0] == '\0' || !is_state(field[4]) ||
	    text_has_control(field[0], -1) ||
	    !g_ascii_string_to_signed(field[1], 10, G_MININT64, G_MAXINT64, &time, NULL) ||
	    !g_ascii_string_to_unsigned(field[2], 10, 0, G_MAXUINT32, &uid, NULL) ||
	    !g_ascii_string_to_unsigned(field[3], 10, 0, G_MAXUINT64, &size, NULL))
		return NULL;
	MchControlItem *item = g_new0(MchControlItem, 1);
	item->id = g_strdup(field[0]);
	item->time = time;
	item->uid = (guint32)uid;
	item->size = size;
	item->state = g_strdup(field[4]);
	item->from = g_strdup(field[5]);
	item->last_error = g_strdup(field[6]);
	item->recipients = g_strdupv(field + FIELDS_FIXED);
	return item;
}

void control_item_free(MchControlItem *item)
{
	if (!item)
		return;
	g_free(item->id);
	g_free(item->state);
	g_free(item->from);
	g_free(item->last_error);
	g_strfreev(item->recipients);
	g_free(item);
}
