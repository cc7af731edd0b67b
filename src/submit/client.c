/*
 * client.c: the caller's half of mailchute-submit(5); see client.h.
 *
 * Used by front/send.c. Records are gathered and go out together, so that a usual submission is
 * one write; a reply is looked for when the socket is full, when it broke, and at the end. Dies
 * half-way: the server has no end record and drops what it got.
 */
#include "config.h"
#include "submit/client.h"
#include "submit/protocol.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/exit-code.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/netstring.h"
#include "base/text-safe.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Gathered bytes that are sent without waiting for more. */
#define SEND_STEP (64 * 1024)
/* What a server may have said and we have not parsed: far more than any dialogue of ours needs. */
#define REPLY_MAX (16 * 1024)

struct MchClient {
	int fd;
	GString *out; /* records not yet written */
	GString *in;  /* bytes not yet parsed */
	gboolean hello;
	char *id;	/* the answer K */
	GError *answer; /* the answer T or P, or what ended the dialogue */
};

/* A socket path may be longer than sun_path is (a build tree, a deep home): go in by its folder. */
static gboolean fill_address(const char *path, struct sockaddr_un *address, int *ret_dir_fd,
			     GError **error)
{
	address->sun_family = AF_UNIX;
	if (strlen(path) < sizeof address->sun_path) {
		strcpy(address->sun_path, path);
		return TRUE;
	}
	g_autofree char *dir = g_path_get_dirname(path);
	g_autofree char *name = g_path_get_basename(path);
	mch_autofd int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return error_set_system(error, errno, "%s", dir);
	int n = g_snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s",
			   dir_fd, name);
	if (n >= (int)sizeof address->sun_path)
		return error_set_system(error, ENAMETOOLONG, "%s", path);
	*ret_dir_fd = fd_steal(&dir_fd);
	return TRUE;
}

static gboolean is_nobody_there(int saved_errno)
{
	return saved_errno == ENOENT || saved_errno == ECONNREFUSED || saved_errno == ENOTDIR;
}

int client_open_socket(const char *path, GError **error)
{
	struct sockaddr_un address = { 0 };
	mch_autofd int dir_fd = -1;
	g_autoptr(GError) local_error = NULL;
	int n = -1;

	mch_autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		error_set_system(error, errno, "socket");
		return -1;
	}
	if (fill_address(path, &address, &dir_fd, &local_error)) {
		do
			n = connect(fd, (struct sockaddr *)&address, sizeof address);
		while (n < 0 && errno == EINTR);
		if (n == 0)
			return fd_steal(&fd);
		error_set_system(&local_error, errno, "%s", path);
	}
	if (is_nobody_there(local_error->code))
		g_set_error(error, MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_NO_SERVICE,
			    "nobody listens on %s", path);
	else
		g_propagate_error(error, g_steal_pointer(&local_error));
	return -1;
}

MchClient *client_connect(const char *path, GError **error)
{
	int fd = client_open_socket(path, error);

	if (fd < 0)
		return NULL;
	MchClient *client = g_new0(MchClient, 1);
	client->fd = fd;
	client->out = g_string_sized_new(8 * 1024);
	client->in = g_string_sized_new(256);
	return client;
}

void client_free(MchClient *client)
{
	if (!client)
		return;
	fd_clear(&client->fd);
	g_string_free(client->out, TRUE);
	g_string_free(client->in, TRUE);
	g_free(client->id);
	g_clear_error(&client->answer);
	g_free(client);
}

static const struct {
	int code;
	MchSubmitError error;
} refusals[] = {
	{ EX_USAGE, MCH_SUBMIT_ERROR_USAGE },
	{ EX_DATAERR, MCH_SUBMIT_ERROR_MESSAGE },
	{ EX_NOINPUT, MCH_SUBMIT_ERROR_INPUT },
	{ EX_TEMPFAIL, MCH_SUBMIT_ERROR_LATER },
};

static MchSubmitError refusal_error(int code)
{
	for (guint i = 0; i < G_N_ELEMENTS(refusals); i++)
		if (refusals[i].code == code)
			return refusals[i].error;
	return MCH_SUBMIT_ERROR_REFUSED;
}

/* Ends the dialogue with an error; the first one stays. @text may be the server's. */
static void end_with(MchClient *client, MchSubmitError code, const char *text, gsize length)
{
	g_autofree char *safe = text_safe_line(text, (gssize)length, MCH_TEXT_SAFE_MAX);

	if (!client->answer && !client->id)
		g_set_error_literal(&client->answer, MCH_SUBMIT_ERROR, (int)code, safe);
}

static void end_with_text(MchClient *client, MchSubmitError code, const char *text)
{
	end_with(client, code, text, strlen(text));
}

static void take_hello(MchClient *client, const char *text, gsize length)
{
	gsize n = strlen(MCH_SUBMIT_HELLO);

	/* "mailchute-submit 1 VERSION": the version of the program is of no concern here. */
	if (length < n || memcmp(text, MCH_SUBMIT_HELLO, n) != 0 || (length > n && text[n] != ' '))
		end_with_text(
			client, MCH_SUBMIT_ERROR_PROTOCOL,
			"the queue manager speaks another protocol: was it upgraded without a "
			"restart?");
	client->hello = TRUE;
}

static void take_accepted(MchClient *client, const char *text, gsize length)
{
	/* Without a hello nobody took the message in: such a K is not to be believed. */
	if (!client->hello || length == 0 || text_has_control(text, (gssize)length))
		end_with_text(client, MCH_SUBMIT_ERROR_PROTOCOL,
			      "the queue manager accepted without naming a message");
	else if (!client->answer && !client->id)
		client->id = g_strndup(text, length);
}

static void take_refused(MchClient *client, const char *text, gsize length)
{
	g_autofree char *payload = g_strndup(text, length);
	const char *why;
	int code = protocol_parse_refusal(payload, &why);

	end_with_text(client, refusal_error(code), why);
}

static void take_reply(MchClient *client, char type, const char *text, gsize length)
{
	switch (type) {
	case MCH_SUBMIT_VERSION:
		take_hello(client, text, length);
		break;
	case MCH_SUBMIT_ACCEPTED:
		take_accepted(client, text, length);
		break;
	case MCH_SUBMIT_LATER:
		end_with(client, MCH_SUBMIT_ERROR_LATER, text, length);
		break;
	case MCH_SUBMIT_REFUSED:
		take_refused(client, text, length);
		break;
	case MCH_SUBMIT_RELAY_LINE:
		break; /* nobody has asked for them */
	default:
		end_with_text(client, MCH_SUBMIT_ERROR_PROTOCOL,
			      "the queue manager sent a record that it may not send");
	}
}

/* Takes all whole records off the front of what was read. */
static void take_replies(MchClient *client)
{
	gsize used = 0;

	while (!client->answer && !client->id) {
		const char *text;
		gsize length;
		char type;
		gssize n = netstring_parse(client->in->str + used, client->in->len - used,
					   MCH_TEXT_SAFE_MAX + 100, &type, &text, &length, NULL);
		if (n == 0)
			break;
		if (n < 0 || length > protocol_server_limit(type)) {
			end_with_text(client, MCH_SUBMIT_ERROR_PROTOCOL,
				      "the queue manager's answer is not mailchute-submit(5)");
			break;
		}
		take_reply(client, type, text, length);
		used += (gsize)n;
	}
	g_string_erase(client->in, 0, (gssize)used);
}

static void take_hang_up(MchClient *client)
{
	if (client->hello)
		end_with_text(client, MCH_SUBMIT_ERROR_LATER,
			      "the queue manager hung up before it answered");
	else
		end_with_text(client, MCH_SUBMIT_ERROR_NO_SERVICE,
			      "the queue manager hung up before it said hello");
}

/* Reads what is there (the caller has waited for it, or the connection broke). */
static void read_replies(MchClient *client)
{
	char space[1024];
	gssize n = fd_read(client->fd, space, sizeof space, NULL);

	if (n <= 0) {
		take_hang_up(client);
		return;
	}
	g_string_append_len(client->in, space, n);
	if (client->in->len > REPLY_MAX)
		end_with_text(client, MCH_SUBMIT_ERROR_PROTOCOL, "the queue manager babbles");
	take_replies(client);
}

/* Waits for one of @events; the deadline counts silence, not progress. */
static short wait_for(MchClient *client, short events)
{
	struct pollfd wait = { .fd = client->fd, .events = events };
	gint64 deadline = clock_boot_ms() + MCH_LIMIT_CLIENT_SILENCE * 1000;

	for (;;) {
		gint64 left = deadline - clock_boot_ms();
		int n = poll(&wait, 1, (int)CLAMP(left, 0, MCH_LIMIT_CLIENT_SILENCE * 1000));
		if (n > 0)
			return wait.revents;
		if (n == 0 || errno != EINTR)
			break;
	}
	end_with_text(client, MCH_SUBMIT_ERROR_LATER,
		      "the queue manager has not answered for 5 minutes");
	return 0;
}

static gboolean is_over(const MchClient *client)
{
	return client->answer || client->id;
}

/* The answer that ended the dialogue, as this call's error. */
static gboolean fail_with_answer(MchClient *client, GError **error)
{
	if (client->answer)
		g_propagate_error(error, g_error_copy(client->answer));
	else
		g_set_error_literal(error, MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_PROTOCOL,
				    "the queue manager accepted a message before its end");
	return FALSE;
}

/* The connection cannot be written any more: what the server said before it closed is the reason. */
static void take_last_words(MchClient *client)
{
	while (!is_over(client))
		read_replies(client);
}

/* Writes all that is gathered, with an eye on an answer that comes too early. */
static gboolean send_gathered(MchClient *client, GError **error)
{
	gsize done = 0;

	while (done < client->out->len && !is_over(client)) {
		ssize_t n = send(client->fd, client->out->str + done, client->out->len - done,
				 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n >= 0)
			done += (gsize)n;
		else if (errno == EAGAIN) {
			if (wait_for(client, POLLIN | POLLOUT) & (POLLIN | POLLHUP | POLLERR))
				read_replies(client);
		} else if (errno != EINTR)
			take_last_words(client);
	}
	g_string_truncate(client->out, 0);
	return !is_over(client) || fail_with_answer(client, error);
}

static gboolean gather(MchClient *client, char type, const char *payload, gsize length,
		       GError **error)
{
	if (is_over(client))
		return fail_with_answer(client, error);
	if (length > protocol_client_limit(type)) {
		g_set_error(error, MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_MESSAGE,
			    "%.40s...: longer than %" G_GSIZE_FORMAT " bytes", payload,
			    protocol_client_limit(type));
		return FALSE;
	}
	netstring_append(client->out, type, payload, (gssize)length);
	return client->out->len < SEND_STEP || send_gathered(client, error);
}

gboolean client_wait_hello(MchClient *client, GError **error)
{
	if (!send_gathered(client, error))
		return FALSE;
	while (!client->hello && !is_over(client))
		if (wait_for(client, POLLIN))
			read_replies(client);
	return !is_over(client) || fail_with_answer(client, error);
}

static gboolean gather_all(MchClient *client, char type, const GPtrArray *texts, GError **error)
{
	for (guint i = 0; texts && i < texts->len; i++) {
		const char *text = g_ptr_array_index(texts, i);
		if (!gather(client, type, text, strlen(text), error))
			return FALSE;
	}
	return TRUE;
}

gboolean client_send_envelope(MchClient *client, const char *from, const GPtrArray *options,
			      const GPtrArray *recipients, GError **error)
{
	return gather(client, MCH_SUBMIT_VERSION, MCH_SUBMIT_HELLO, strlen(MCH_SUBMIT_HELLO),
		      error) &&
	       gather(client, MCH_SUBMIT_FROM, from, strlen(from), error) &&
	       gather_all(client, MCH_SUBMIT_MESSAGE_OPTION, options, error) &&
	       gather_all(client, MCH_SUBMIT_RECIPIENT, recipients, error);
}

gboolean client_send_text(MchClient *client, const char *text, gsize length, GError **error)
{
	if (length == 0) /* "still here" must be there now */
		return gather(client, MCH_SUBMIT_BLOCK, "", 0, error) &&
		       send_gathered(client, error);
	while (length > 0) {
		gsize n = MIN(length, MCH_NETSTRING_MAX);
		if (!gather(client, MCH_SUBMIT_BLOCK, text, n, error))
			return FALSE;
		text += n;
		length -= n;
	}
	return TRUE;
}

char *client_finish(MchClient *client, GError **error)
{
	if (!gather(client, MCH_SUBMIT_END, "", 0, error) || !send_gathered(client, error))
		return NULL;
	while (!is_over(client))
		if (wait_for(client, POLLIN))
			read_replies(client);
	if (client->id)
		return g_strdup(client->id);
	fail_with_answer(client, error);
	return NULL;
}
