/*
 * compose.h: completes the header block of a submitted message.
 *
 * Called once per message by the front end, as the caller. Adds what is missing (Date, Message-ID,
 * From), takes out what must not leave (Bcc, Resent-Bcc, Apparently-To, Return-Path) and, for -t,
 * finds the recipients. Everything else keeps its bytes. Qualifying and rewriting is delivery's.
 */
#pragma once
#include <glib.h>

typedef struct {
	const char *
		sender; /* envelope sender (-f, or login@host); "" = null: From is MAILER-DAEMON@host */
	const char *full_name;	  /* -F or GECOS, UTF-8 or not; NULL or "" = none */
	const char *host;	  /* host name for Message-ID and for a sender without a domain */
	gboolean find_recipients; /* -t */
	gint64 now;		  /* wall seconds */
	guint64 unique;		  /* random bits for the Message-ID */
} MchComposeInput;

typedef struct {
	GString *header; /* the new header block with the empty line, in the input's line ends */
	GPtrArray *recipients; /* char* mailboxes in order, without repeats; empty unless -t */
} MchComposed;

void compose_clear(MchComposed *composed);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MchComposed, compose_clear)

/*
 * Where the header block of @data ends. @at_end says that nothing follows @data.
 * Returns the number of bytes that are header block (the empty line included; 0 when the input has
 * none and all is body), or -1 when more input is needed to know.
 */
gssize compose_find_header_end(const char *data, gsize length, gboolean at_end);

/*
 * Completes the header block @data (what compose_find_header_end measured; may be empty).
 * Errors: MCH_SUBMIT_ERROR_MESSAGE over MCH_LIMIT_HEADER_BLOCK, MCH_SUBMIT_ERROR_ADDRESS for a
 * recipient that is no address, MCH_SUBMIT_ERROR_NO_RECIPIENT when -t finds none is the caller's
 * to raise (argv may have some).
 */
gboolean compose_header(const char *data, gsize length, const MchComposeInput *input,
			MchComposed *ret_composed, GError **error);
