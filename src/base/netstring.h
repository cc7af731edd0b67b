/*
 * netstring.h: one-letter records for the sockets of ours: LETTER LENGTH ":" BYTES ",".
 *
 * "F15:alice@x.example," is a record of type F. No quoting and no parsing beyond the length:
 * what is inside is never looked at here. The grammar is mailchute-submit(5).
 */
#pragma once
#include <glib.h>

/* Bytes that a record adds around its payload, at most: letter, digits, ':' and ','. */
#define MCH_NETSTRING_OVERHEAD 10
/* The largest payload of any record: a block of message text. */
#define MCH_NETSTRING_MAX (64 * 1024)

/* Appends a record to @buffer. @length <= MCH_NETSTRING_MAX; -1 = strlen. */
void netstring_append(GString *buffer, char type, const char *payload, gssize length);

/*
 * Reads one record from the front of @data.
 * Returns the number of bytes it takes (payload at *@ret_payload, inside @data), 0 when @data does
 * not hold a whole record yet, -1 with MCH_FORMAT_ERROR when it never will or is over @max_payload.
 */
gssize netstring_parse(const char *data, gsize length, gsize max_payload, char *ret_type,
		       const char **ret_payload, gsize *ret_length, GError **error);
