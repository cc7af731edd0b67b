/*
 * startup.h: from whoever started mailchuted to the process that owns the spool.
 */
#pragma once
#include "queue/manager.h"

/*
 * As root: makes the spool and the socket directory when they are missing (owned by the service
 * user where there is one), and becomes the spool's owner for good, before anything in it is
 * opened. As anyone else: makes them as that user.
 */
gboolean startup_become_owner(const char *spool_path, const char *socket_dir, GError **error);

/*
 * Leaves the caller behind: a child in a session of its own, default signals, our own limits, no
 * inherited descriptors but 0-2. Returns in the child with *@ret_ready, over which the child says
 * how it went (startup_tell_ready); the parent waits for that word and exits.
 */
gboolean startup_detach(int *ret_ready, GError **error);
/* Ends the parent with @exit_code, @message on its stderr when not NULL; then closes 0-2. */
void startup_tell_ready(int ready, int exit_code, const char *message);
