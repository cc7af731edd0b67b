/*
 * client.h: the caller's half of the submission dialogue.
 *
 * Used by the front end (front/send.c). Opens the socket, speaks the records in order, waits for
 * the answer. Holds no message: what it is given it has sent.
 */
#pragma once
#include <glib.h>

typedef struct MchClient MchClient;

/*
 * A stream connected to the unix socket @path, however long that path is; -1 with
 * MCH_SUBMIT_ERROR_NO_SERVICE when nobody listens there. Shared with control.c.
 */
int client_open_socket(const char *path, GError **error);

/*
 * Connects to the socket @path. MCH_SUBMIT_ERROR_NO_SERVICE when nobody listens there (ENOENT,
 * ECONNREFUSED) or the peer hung up before its hello; the caller may start a service and retry.
 */
MchClient *client_connect(const char *path, GError **error);
void client_free(MchClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MchClient, client_free)

/* Waits for the server's hello: only needed before sending what cannot be sent a second time. */
gboolean client_wait_hello(MchClient *client, GError **error);

/*
 * Sends the envelope: @recipients are char*, @options are char* ("ret HDRS"), may be NULL.
 * A server that answers early (T, P) makes this and the next calls fail with that answer.
 */
gboolean client_send_envelope(MchClient *client, const char *from, const GPtrArray *options,
			      const GPtrArray *recipients, GError **error);
/* Sends message text; @length 0 sends the empty block that says "still here". */
gboolean client_send_text(MchClient *client, const char *text, gsize length, GError **error);

/*
 * Sends the end record and waits for the answer. On K returns the queue id (caller frees).
 * T: MCH_SUBMIT_ERROR_LATER; P: the MCH_SUBMIT_ERROR that goes with its code, the server's text.
 * Hang-up without an answer: MCH_SUBMIT_ERROR_NO_SERVICE before the hello, ..._LATER after it.
 */
char *client_finish(MchClient *client, GError **error);
