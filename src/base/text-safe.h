/*
 * text-safe.h: a stranger's bytes, made fit for one line of a log, a journal or a terminal.
 */
#pragma once
#include <glib.h>

/* The longest text that goes into a log line or a journal line, after escaping. */
#define MCH_TEXT_SAFE_MAX 900

/*
 * @text with every byte outside printable ASCII, and every backslash, written as \xNN; cut to
 * @max_length bytes (at most MCH_TEXT_SAFE_MAX), a cut marked by "...". @length -1 = strlen.
 * The result belongs to the caller and never holds a control byte.
 */
char *text_safe_line(const char *text, gssize length, gsize max_length);

/* TRUE when @text has a control byte: C0 (TAB too) or DEL. @length -1 = strlen, else NUL counts. */
gboolean text_has_control(const char *text, gssize length);
