/*
 * text-safe.c: escaping for one line; see text-safe.h.
 *
 * Used wherever text from a caller or a relay is logged or journalled. Linear, bounded.
 */
#include "config.h"
#include "base/text-safe.h"
#include <string.h>

char *text_safe_line(const char *text, gssize length, gsize max_length)
{
	gsize n = length < 0 ? strlen(text) : (gsize)length;
	max_length = CLAMP(max_length, 8, MCH_TEXT_SAFE_MAX);
	GString *safe = g_string_sized_new(MIN(n, max_length) + 8);
	gsize cut = 0; /* the longest beginning that leaves room for "..." and splits no escape */

	for (gsize i = 0; i < n && safe->len <= max_length; i++) {
		guchar c = (guchar)text[i];
		if (c >= ' ' && c < 0x7f && c != '\\')
			g_string_append_c(safe, (char)c);
		else
			g_string_append_printf(safe, "\\x%02x", c);
		if (safe->len + 3 <= max_length)
			cut = safe->len;
	}
	if (safe->len > max_length) {
		g_string_truncate(safe, cut);
		g_string_append(safe, "...");
	}
	return g_string_free(safe, FALSE);
}

gboolean text_has_control(const char *text, gssize length)
{
	gsize n = length < 0 ? strlen(text) : (gsize)length;

	for (gsize i = 0; i < n; i++)
		if (g_ascii_iscntrl(text[i]))
			return TRUE;
	return FALSE;
}
