/*
 * receive.h: reads one submission and writes one queue file.
 */
#pragma once
#include <glib.h>

typedef struct {
	const char *id;	  /* of the message */
	gint64 time;	  /* of acceptance, wall seconds */
	guint32 uid;	  /* of the client, from the kernel */
	const char *host; /* for the Received field */
	guint64 max_size; /* bytes of message text */
} MchReceiveJob;

/*
 * Serves the client on @connection and leaves a complete, synced queue file in @file. On FALSE
 * @error says why (exit_code_for_error gives the client's code) and the file is not to be used.
 */
gboolean receive_message(const MchReceiveJob *job, int connection, int file, GError **error);
