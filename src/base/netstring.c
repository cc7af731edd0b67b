/*
 * netstring.c: the record parser of both sockets; see netstring.h.
 *
 * Called with a stranger's bytes by receive (caged) and by the front end with the queue's answers.
 * Keeps no state and copies nothing; a length is bounded before it is believed.
 */
#include "config.h"
#include "base/netstring.h"
#include "base/error.h"
#include <string.h>

void netstring_append(GString *buffer, char type, const char *payload, gssize length)
{
	gsize n = length < 0 ? strlen(payload) : (gsize)length;

	g_return_if_fail(n <= MCH_NETSTRING_MAX);
	g_string_append_printf(buffer, "%c%" G_GSIZE_FORMAT ":", type, n);
	g_string_append_len(buffer, payload, (gssize)n);
	g_string_append_c(buffer, ',');
}

static gssize fail(GError **error, MchFormatError code, const char *why)
{
	g_set_error(error, MCH_FORMAT_ERROR, code, "record: %s", why);
	return -1;
}

gssize netstring_parse(const char *data, gsize length, gsize max_payload, char *ret_type,
		       const char **ret_payload, gsize *ret_length, GError **error)
{
	gsize payload = 0;
	gsize i = 1;

	if (length == 0)
		return 0;
	if (!g_ascii_isupper(data[0]))
		return fail(error, MCH_FORMAT_ERROR_DAMAGED, "does not start with a letter");
	for (; i < length && g_ascii_isdigit(data[i]); i++) {
		if (i > 1 && payload == 0)
			return fail(error, MCH_FORMAT_ERROR_DAMAGED, "length with a leading zero");
		payload = payload * 10 + (gsize)(data[i] - '0');
		if (payload > max_payload)
			return fail(error, MCH_FORMAT_ERROR_LIMIT, "longer than allowed");
	}
	if (i == length)
		return 0;
	if (i == 1 || data[i] != ':')
		return fail(error, MCH_FORMAT_ERROR_DAMAGED, "length is not a number");
	i++;
	if (length - i < payload + 1)
		return 0;
	if (data[i + payload] != ',')
		return fail(error, MCH_FORMAT_ERROR_DAMAGED, "does not end with a comma");
	*ret_type = data[0];
	*ret_payload = data + i;
	*ret_length = payload;
	return (gssize)(i + payload + 1);
}
