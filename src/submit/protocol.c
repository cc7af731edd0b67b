/*
 * protocol.c: record limits and the two refusals; see protocol.h and mailchute-submit(5).
 *
 * Used by the front end's client and by mailchuted and receive. Keeps no state, does no I/O.
 */
#include "config.h"
#include "submit/protocol.h"
#include "base/error.h"
#include "base/exit-code.h"
#include "base/limits.h"
#include "base/netstring.h"
#include "base/text-safe.h"
#include <string.h>

typedef struct {
	char type;
	gsize limit;
} Row;

/* The end record's payload is empty; 1 keeps "may be sent" apart from "unknown letter". */
static const Row client_rows[] = {
	{ MCH_SUBMIT_VERSION, 64 },
	{ MCH_SUBMIT_FROM, MCH_LIMIT_ADDRESS },
	{ MCH_SUBMIT_MESSAGE_OPTION, MCH_LIMIT_OPTION },
	{ MCH_SUBMIT_OPTION, MCH_LIMIT_OPTION },
	{ MCH_SUBMIT_RECIPIENT, MCH_LIMIT_ADDRESS },
	{ MCH_SUBMIT_BLOCK, MCH_NETSTRING_MAX },
	{ MCH_SUBMIT_END, 1 },
};

static const Row server_rows[] = {
	{ MCH_SUBMIT_VERSION, 128 },  { MCH_SUBMIT_ACCEPTED, 64 },     { MCH_SUBMIT_LATER, 1000 },
	{ MCH_SUBMIT_REFUSED, 1000 }, { MCH_SUBMIT_RELAY_LINE, 1000 },
};

static gsize find_limit(const Row *rows, gsize n_rows, char type)
{
	for (gsize i = 0; i < n_rows; i++)
		if (rows[i].type == type)
			return rows[i].limit;
	return 0;
}

gsize protocol_client_limit(char type)
{
	return find_limit(client_rows, G_N_ELEMENTS(client_rows), type);
}

gsize protocol_server_limit(char type)
{
	return find_limit(server_rows, G_N_ELEMENTS(server_rows), type);
}

gboolean protocol_check_address(const char *text, gsize length, gboolean may_be_empty,
				GError **error)
{
	const char *why = NULL;

	if (length == 0 && !may_be_empty)
		why = "it is empty";
	else if (length > MCH_LIMIT_ADDRESS)
		why = "it is too long";
	else if (text_has_control(text, (gssize)length))
		why = "it has a control character";
	else if (length > 0 && (text[0] == '<' || text[length - 1] == '>'))
		why = "it stands in angle brackets";
	if (!why)
		return TRUE;
	g_autofree char *safe = text_safe_line(text, (gssize)MIN(length, 200), 200);
	g_set_error(error, MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_ADDRESS, "address \"%s\": %s", safe,
		    why);
	return FALSE;
}

void protocol_append_refusal(GString *buffer, int code, const char *text)
{
	g_autofree char *safe = g_strndup(text, MCH_TEXT_SAFE_MAX);

	/* What strangers sent is escaped in it already; only the record's bounds are kept here. */
	for (char *c = safe; *c; c++)
		if (g_ascii_iscntrl(*c))
			*c = '?';
	if (code == EX_TEMPFAIL) {
		netstring_append(buffer, MCH_SUBMIT_LATER, safe, -1);
		return;
	}
	g_autofree char *payload = g_strdup_printf("%d %s", code, safe);
	netstring_append(buffer, MCH_SUBMIT_REFUSED, payload, -1);
}

int protocol_parse_refusal(const char *payload, const char **ret_text)
{
	int code = 0;
	const char *c = payload;

	while (g_ascii_isdigit(*c) && code < 1000)
		code = code * 10 + g_ascii_digit_value(*c++);
	if (c == payload || *c != ' ' || code == EX_OK || !exit_code_is_known(code)) {
		*ret_text = payload;
		return EX_UNAVAILABLE;
	}
	*ret_text = c + 1;
	return code;
}
