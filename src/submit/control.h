/*
 * control.h: the control socket: one fixed-size request, an answer in lines.
 *
 * A request is a struct of constant size with a verb and a name: there is nothing to parse. The
 * answer is text lines, each ended by LF, then end of file. mailchuted answers from memory and
 * shows a caller only his own mail; root sees all. The first line is "ok" or "error TEXT".
 */
#pragma once
#include <glib.h>

#define MCH_CONTROL_VERSION  1
#define MCH_CONTROL_NAME_MAX 64

typedef enum {
	MCH_CONTROL_LIST = 1,  /* one line a message, see control_list_line */
	MCH_CONTROL_COUNT = 2, /* "N" */
	MCH_CONTROL_FLUSH = 3, /* try now: relay back-off and due times forgotten; answers "ok" */
	MCH_CONTROL_STATUS = 4 /* "relay up|probing|down SECONDS REASON", "messages N" */
} MchControlVerb;

typedef struct {
	guint32 version;
	guint32 verb;
	char name[MCH_CONTROL_NAME_MAX]; /* queue id, or empty = all; NUL-padded */
} MchControlRequest;

/*
 * Connects to @path, sends the request, returns the whole answer without its "ok" line (caller
 * frees). MCH_SUBMIT_ERROR_NO_SERVICE when nobody listens; MCH_SUBMIT_ERROR_REFUSED with the
 * server's text for "error TEXT".
 */
char *control_ask(const char *path, MchControlVerb verb, const char *name, GError **error);

/*
 * One message in a LIST answer, TAB-separated, texts escaped by text_safe_line:
 *   ID  TIME  UID  SIZE  STATE(active|deferred|failed|held)  FROM  LAST-ERROR  RCPT  RCPT...
 * LAST-ERROR is empty when there is none; only recipients not yet sent are listed.
 */
typedef struct {
	char *id;
	gint64 time;
	guint32 uid;
	guint64 size;
	char *state;
	char *from;
	char *last_error;
	char **recipients;
} MchControlItem;

void control_append_item(GString *answer, const MchControlItem *item);
/* Parses one such line (without LF); NULL when it is none. */
MchControlItem *control_parse_item(const char *line);
void control_item_free(MchControlItem *item);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MchControlItem, control_item_free)
