/*
 * date.h: RFC 5322 3.3 dates.
 */
#pragma once
#include <glib.h>

/* "Tue, 24 Nov 2026 14:05:09 +0100" for @wall_seconds in the local time zone; caller frees. */
char *date_format(gint64 wall_seconds);
