/*
 * listen.h: the two sockets: inherited from init, or bound here.
 */
#pragma once
#include <glib.h>

/*
 * A non-blocking listening socket at @dir/@name with @mode, replacing a stale one: the caller holds
 * the spool's lock, so whoever bound it before is gone. Appears under its name only when it listens.
 */
int listen_bind(const char *dir, const char *name, guint mode, GError **error);

/*
 * The descriptor that init handed over for a socket whose path ends in /@name (LISTEN_FDS of
 * sd_listen_fds(3)), or -1. It is non-blocking and CLOEXEC afterwards.
 */
int listen_take_inherited(const char *name);
