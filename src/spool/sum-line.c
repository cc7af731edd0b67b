/*
 * sum-line.c: see sum-line.h. A line that was torn by a crash, or damaged later, does not verify
 * and is never half understood.
 */
#include "config.h"
#include "spool/sum-line.h"
#include "base/crc32c.h"
#include <string.h>

#define TAIL 10 /* " ~" and 8 digits */

void sum_line_print(GString *lines, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	for (char *c = text; *c; c++)
		if (g_ascii_iscntrl(*c))
			*c = '?'; /* callers escape; a line must stay one line whatever they do */
	g_string_append_printf(lines, "%s ~%08x\n", text, crc32c_update(0, text, strlen(text)));
}

char *sum_line_next(char *line, const GString *text)
{
	char *end = text->str + text->len;

	if (line >= end)
		return NULL;
	char *feed = memchr(line, '\n', (gsize)(end - line));
	if (!feed)
		return end;
	*feed = '\0';
	return feed + 1;
}

gboolean sum_line_verify(char *line)
{
	gsize n = strlen(line);

	if (n < TAIL || memcmp(line + n - TAIL, " ~", 2) != 0)
		return FALSE;
	guint32 sum = 0;
	for (const char *c = line + n - 8; *c; c++) {
		int digit = g_ascii_xdigit_value(*c);
		if (digit < 0)
			return FALSE;
		sum = sum << 4 | (guint32)digit;
	}
	if (crc32c_update(0, line, n - TAIL) != sum)
		return FALSE;
	line[n - TAIL] = '\0';
	return TRUE;
}

static gboolean take(char **next, char end, guint *ret_number)
{
	char *after;
	guint64 number = g_ascii_strtoull(*next, &after, 10);

	if (after == *next || *after != end || number == 0 || number > G_MAXINT32)
		return FALSE;
	*ret_number = (guint)number;
	*next = after + 1;
	return TRUE;
}

gboolean sum_line_take_number(char **next, guint *ret_rcpt, guint *ret_sub)
{
	return take(next, '.', ret_rcpt) && take(next, ' ', ret_sub);
}
