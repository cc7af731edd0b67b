/*
 * protocol.h: the submission dialogue (mailchute-submit(5)), as both sides see it.
 *
 * Records are netstrings with a letter (base/netstring.h). The client sends, in this order:
 *   H "mailchute-submit 1"   F sender   { O option | [O option...] R recipient }...
 *   B text (repeated; an empty block says "still here")   E ""
 * The server sends H "mailchute-submit 1 VERSION" when it has a place for the client, and one of
 *   K "ID"          accepted: the message ID is on stable storage
 *   T "TEXT"        not accepted now, try later (exit 75)
 *   P "CODE TEXT"   not accepted, the caller must change something (sysexits CODE, a space, text)
 *   L "TEXT"        a relay line, only between H and the final answer, only when asked for (V)
 * and closes. Connection lost before K = not accepted. An O record before an R record belongs to
 * that recipient; before F's end (no R yet) use the letter M for options of the message.
 * A client that dies before E leaves nothing: a short message is never taken for a whole one.
 */
#pragma once
#include <glib.h>

#define MCH_SUBMIT_HELLO "mailchute-submit 1"

typedef enum {
	MCH_SUBMIT_VERSION = 'H',
	MCH_SUBMIT_FROM = 'F',
	MCH_SUBMIT_MESSAGE_OPTION =
		'M',		 /* "ret HDRS", "body 8BITMIME", ... (mailchute-queue(5), opt) */
	MCH_SUBMIT_OPTION = 'O', /* of the next recipient */
	MCH_SUBMIT_RECIPIENT = 'R',
	MCH_SUBMIT_BLOCK = 'B',
	MCH_SUBMIT_END = 'E',
	MCH_SUBMIT_ACCEPTED = 'K',
	MCH_SUBMIT_LATER = 'T',
	MCH_SUBMIT_REFUSED = 'P',
	MCH_SUBMIT_RELAY_LINE = 'L',
} MchSubmitRecord;

/* The largest payload of a record of @type; 0 for a letter that the client may not send. */
gsize protocol_client_limit(char type);
/* The same for what a server sends. */
gsize protocol_server_limit(char type);

/*
 * TRUE when @text may stand as sender (empty = the null sender) or recipient: no control byte, not
 * longer than MCH_LIMIT_ADDRESS, no '<' or '>' around it. Else MCH_SUBMIT_ERROR_ADDRESS.
 */
gboolean protocol_check_address(const char *text, gsize length, gboolean may_be_empty,
				GError **error);

/* Appends "CODE TEXT" as a P record, or a T record when @code is EX_TEMPFAIL. */
void protocol_append_refusal(GString *buffer, int code, const char *text);
/* Reads the payload of a P record: returns the code (EX_UNAVAILABLE when there is none that we
 * know) and leaves the text at *@ret_text, inside @payload. */
int protocol_parse_refusal(const char *payload, const char **ret_text);
