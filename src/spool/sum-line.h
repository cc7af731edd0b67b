/*
 * sum-line.h: the checksummed line that journals and session logs are made of.
 *
 * TEXT " ~" 8 hex digits of CRC-32C of TEXT, LF. Used inside src/spool only.
 */
#pragma once
#include <glib.h>

/* Appends one line; the formatted text must hold no control byte (they become '?'). */
void sum_line_print(GString *lines, const char *format, ...) G_GNUC_PRINTF(2, 3);

/*
 * Ends @line (inside @text) with a NUL where its LF was and returns the start of the next line;
 * NULL at the end of @text. An unfinished last line is returned too, and does not verify.
 */
char *sum_line_next(char *line, const GString *text);

/* TRUE when @line ends in its checksum, which is cut off then. */
gboolean sum_line_verify(char *line);

/* Reads "N.M " from *@next and moves behind it. FALSE when it is not there or a number is 0. */
gboolean sum_line_take_number(char **next, guint *ret_rcpt, guint *ret_sub);
