/*
 * message-id.h: RFC 5322 3.6.4 identifiers.
 */
#pragma once
#include <glib.h>

/* "<TIME.UNIQUE@HOST>"; bytes of @host that an id may not have are replaced. Caller frees. */
char *message_id_new(gint64 now, guint64 unique, const char *host);
