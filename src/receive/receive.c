/*
 * receive.c: the submission dialogue, from a stranger's socket to a synced file; see receive.h.
 *
 * Runs in the cage, in a process that serves this one connection and exits. It has two descriptors
 * and no names: it can neither open, rename nor unlink. Dies here = no answer = not accepted; the
 * file stays in tmp/ and is swept. A record is checked before it is used and a length before it is
 * believed; the client's silence, not its progress, is what the deadline counts.
 */
#include "config.h"
#include "receive/receive.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/netstring.h"
#include "base/text-safe.h"
#include "spool/spool-format.h"
#include "submit/protocol.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#define WRITE_STEP (256 * 1024)
#define READ_STEP  (MCH_NETSTRING_MAX + MCH_NETSTRING_OVERHEAD)

typedef enum {
	WANT_VERSION = 1,
	WANT_FROM = 2,
	WANT_ENVELOPE = 4,
	WANT_TEXT = 8,
	COMPLETE = 16,
} State;

typedef struct {
	const MchReceiveJob *job;
	int connection, file;
	State state;
	MchSpoolHeader *header;
	GPtrArray *next_options; /* O records of the recipient to come */
	GString *pending;	 /* text not yet written */
	off_t written;		 /* bytes of the file so far */
} Receive;

static gboolean refuse(GError **error, MchSubmitError code, const char *text)
{
	g_set_error_literal(error, MCH_SUBMIT_ERROR, code, text);
	return FALSE;
}

static gboolean flush_pending(Receive *r, GError **error)
{
	if (!fd_pwrite_all(r->file, r->pending->str, r->pending->len, r->written, error))
		return FALSE;
	r->written += (off_t)r->pending->len;
	g_string_truncate(r->pending, 0);
	return TRUE;
}

/* Message text: counted, summed, written in large steps. */
static gboolean add_text(Receive *r, const char *text, gsize length, GError **error)
{
	r->header->size += length;
	if (r->header->size > r->job->max_size) {
		g_set_error(error, MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_MESSAGE,
			    "message is larger than %" G_GUINT64_FORMAT
			    " bytes (max-size in mailchute.conf)",
			    r->job->max_size);
		return FALSE;
	}
	r->header->sum = crc32c_update(r->header->sum, text, length);
	g_string_append_len(r->pending, text, (gssize)length);
	return r->pending->len < WRITE_STEP || flush_pending(r, error);
}

/* RFC 5321 4.4: who took the message in. In UTC: no time zone file is read in here. */
static gboolean add_received_field(Receive *r, GError **error)
{
	time_t when = (time_t)r->job->time;
	struct tm utc;
	char date[64];

	gmtime_r(&when, &utc);
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &utc);
	g_autofree char *field = g_strdup_printf(
		"Received: by %s (mailchute %s, from userid %u)\n\tid %s; %s\n", r->job->host,
		PACKAGE_VERSION, r->job->uid, r->job->id, date);
	return add_text(r, field, strlen(field), error);
}

/* The envelope is complete: its lines go first, then our Received field. */
static gboolean begin_text(Receive *r, GError **error)
{
	if (r->state == WANT_TEXT)
		return TRUE;
	if (r->header->recipients->len == 0 || r->next_options)
		return refuse(error, MCH_SUBMIT_ERROR_NO_RECIPIENT, "no recipient was named");
	g_autoptr(GString) head = spool_format_print(r->header);
	g_string_append_len(r->pending, head->str, (gssize)head->len);
	r->state = WANT_TEXT;
	return add_received_field(r, error);
}

static gboolean take_version(Receive *r, const char *text, gsize length, GError **error)
{
	if (length != strlen(MCH_SUBMIT_HELLO) || memcmp(text, MCH_SUBMIT_HELLO, length) != 0)
		return refuse(error, MCH_SUBMIT_ERROR_PROTOCOL,
			      "the client does not speak \"" MCH_SUBMIT_HELLO "\"");
	r->state = WANT_FROM;
	return TRUE;
}

static gboolean take_from(Receive *r, const char *text, gsize length, GError **error)
{
	if (!protocol_check_address(text, length, TRUE, error))
		return FALSE;
	r->header->from = g_strndup(text, length);
	r->state = WANT_ENVELOPE;
	return TRUE;
}

static gboolean add_option(GPtrArray *options, const char *text, gsize length, GError **error)
{
	if (length == 0 || text_has_control(text, (gssize)length))
		return refuse(error, MCH_SUBMIT_ERROR_PROTOCOL,
			      "an option has a control character");
	g_ptr_array_add(options, g_strndup(text, length));
	return TRUE;
}

static gboolean take_message_option(Receive *r, const char *text, gsize length, GError **error)
{
	return add_option(r->header->options, text, length, error);
}

static gboolean take_option(Receive *r, const char *text, gsize length, GError **error)
{
	if (!r->next_options)
		r->next_options = g_ptr_array_new_with_free_func(g_free);
	return add_option(r->next_options, text, length, error);
}

static gboolean take_recipient(Receive *r, const char *text, gsize length, GError **error)
{
	if (!protocol_check_address(text, length, FALSE, error))
		return FALSE;
	if (r->header->recipients->len >= MCH_LIMIT_RECIPIENTS)
		return refuse(error, MCH_SUBMIT_ERROR_MESSAGE, "too many recipients");
	g_autofree char *address = g_strndup(text, length);
	spool_header_add_recipient(r->header, address, g_steal_pointer(&r->next_options));
	return TRUE;
}

static gboolean take_block(Receive *r, const char *text, gsize length, GError **error)
{
	if (length == 0)
		return TRUE; /* "still here" */
	return begin_text(r, error) && add_text(r, text, length, error);
}

static gboolean take_end(Receive *r, const char *text, gsize length, GError **error)
{
	(void)text;
	if (length > 0)
		return refuse(error, MCH_SUBMIT_ERROR_PROTOCOL, "the end record has text");
	if (!begin_text(r, error))
		return FALSE;
	r->state = COMPLETE;
	return TRUE;
}

static const struct {
	char type;
	guint states; /* in which it may come */
	gboolean (*take)(Receive *r, const char *text, gsize length, GError **error);
} records[] = {
	{ MCH_SUBMIT_VERSION, WANT_VERSION, take_version },
	{ MCH_SUBMIT_FROM, WANT_FROM, take_from },
	{ MCH_SUBMIT_MESSAGE_OPTION, WANT_ENVELOPE, take_message_option },
	{ MCH_SUBMIT_OPTION, WANT_ENVELOPE, take_option },
	{ MCH_SUBMIT_RECIPIENT, WANT_ENVELOPE, take_recipient },
	{ MCH_SUBMIT_BLOCK, WANT_ENVELOPE | WANT_TEXT, take_block },
	{ MCH_SUBMIT_END, WANT_ENVELOPE | WANT_TEXT, take_end },
};

static gboolean take_record(Receive *r, char type, const char *text, gsize length, GError **error)
{
	if (length > protocol_client_limit(type))
		return refuse(error,
			      type == MCH_SUBMIT_RECIPIENT || type == MCH_SUBMIT_FROM
				      ? MCH_SUBMIT_ERROR_ADDRESS
				      : MCH_SUBMIT_ERROR_PROTOCOL,
			      "a record is longer than its kind may be");
	for (guint i = 0; i < G_N_ELEMENTS(records); i++)
		if (records[i].type == type && records[i].states & r->state)
			return records[i].take(r, text, length, error);
	return refuse(error, MCH_SUBMIT_ERROR_PROTOCOL, "a record out of order");
}

/* Waits for more bytes; a client that says nothing for too long is given up. */
static gssize read_more(Receive *r, char *space, gsize length, GError **error)
{
	struct pollfd wait = { .fd = r->connection, .events = POLLIN };
	int n;

	do
		n = poll(&wait, 1, MCH_LIMIT_CLIENT_SILENCE * 1000);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		error_set_system(error, errno, "poll");
		return -1;
	}
	if (n == 0) {
		refuse(error, MCH_SUBMIT_ERROR_LATER, "the client was silent for too long");
		return -1;
	}
	gssize got = fd_read(r->connection, space, length, error);
	if (got == 0) {
		refuse(error, MCH_SUBMIT_ERROR_LATER, "the client hung up before its end record");
		return -1;
	}
	return got;
}

/* Takes all whole records off the front of @buffer. */
static gboolean take_records(Receive *r, GString *buffer, GError **error)
{
	gsize used = 0;

	while (r->state != COMPLETE) {
		const char *text;
		gsize length;
		char type;
		gssize n = netstring_parse(buffer->str + used, buffer->len - used,
					   MCH_NETSTRING_MAX, &type, &text, &length, error);
		if (n < 0)
			return FALSE;
		if (n == 0)
			break;
		if (!take_record(r, type, text, length, error))
			return FALSE;
		used += (gsize)n;
	}
	g_string_erase(buffer, 0, (gssize)used);
	return TRUE;
}

static gboolean read_dialogue(Receive *r, GError **error)
{
	g_autoptr(GString) buffer = g_string_sized_new(2 * READ_STEP);

	while (r->state != COMPLETE) {
		gsize had = buffer->len;
		g_string_set_size(buffer, had + READ_STEP);
		gssize n = read_more(r, buffer->str + had, READ_STEP, error);
		if (n < 0)
			return FALSE;
		g_string_truncate(buffer, had + (gsize)n);
		if (!take_records(r, buffer, error))
			return FALSE;
	}
	return TRUE;
}

/* Size and sum are known now: into the pending bytes when nothing was written, else into the file. */
static gboolean finish_file(Receive *r, GError **error)
{
	off_t offset;
	g_autoptr(GString) lines = spool_format_print_size(r->header, &offset);

	if (r->written == 0) {
		memcpy(r->pending->str + offset, lines->str, lines->len);
		if (!flush_pending(r, error))
			return FALSE;
	} else if (!flush_pending(r, error) ||
		   !fd_pwrite_all(r->file, lines->str, lines->len, offset, error)) {
		return FALSE;
	}
	return fd_sync_data(r->file, "the message", error);
}

gboolean receive_message(const MchReceiveJob *job, int connection, int file, GError **error)
{
	Receive r = { .job = job,
		      .connection = connection,
		      .file = file,
		      .state = WANT_VERSION,
		      .header = spool_header_new(job->id, job->time, job->uid),
		      .pending = g_string_sized_new(16 * 1024) };
	gboolean ok = read_dialogue(&r, error) && finish_file(&r, error);

	spool_header_free(r.header);
	g_clear_pointer(&r.next_options, g_ptr_array_unref);
	g_string_free(r.pending, TRUE);
	return ok;
}
