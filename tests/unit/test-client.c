/*
 * test-client.c: the client against a server that follows a script, well-behaved or not.
 * Each script runs in a thread on a unix socket in a directory of its own.
 */
#include "config.h"
#include "submit/client.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/limits.h"
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define HELLO "H24:mailchute-submit 1 0.1.0,"
#define ENVELOPE                                                                                   \
	"H18:mailchute-submit 1,"                                                                  \
	"F5:a@x.y,M8:ret HDRS,R4:root,R5:b@x.y,"

typedef struct {
	const char *before; /* what the server says at once */
	gboolean reads;	    /* whether it reads up to the end record then */
	const char *after;  /* what it says after that */
	gboolean drips;	    /* one byte a write */
	gboolean stays;	    /* does not close until the client does */
} Script;

typedef struct {
	char *dir, *path;
	int listener;
	const Script *script;
	GString *got;
	GThread *thread;
} Server;

static void say(int fd, const char *text, gboolean drips)
{
	for (gsize length = strlen(text); length > 0;) {
		gsize n = drips ? 1 : length;
		if (!fd_write_all(fd, text, n, NULL))
			return; /* the client has had enough */
		text += n;
		length -= n;
		if (drips)
			g_usleep(200);
	}
}

static gboolean ends_with(const GString *text, const char *end)
{
	gsize n = strlen(end);

	return text->len >= n && memcmp(text->str + text->len - n, end, n) == 0;
}

static void read_until(int fd, GString *got, const char *end)
{
	char space[4096];
	gssize n;

	while (!(end && ends_with(got, end)) && (n = fd_read(fd, space, sizeof space, NULL)) > 0)
		g_string_append_len(got, space, n);
}

static gpointer serve(gpointer data)
{
	Server *server = data;
	mch_autofd int fd = accept(server->listener, NULL, NULL);

	g_assert_cmpint(fd, >=, 0);
	say(fd, server->script->before, server->script->drips);
	if (server->script->reads) {
		read_until(fd, server->got, "E0:,");
		say(fd, server->script->after, server->script->drips);
	}
	if (server->script->stays)
		read_until(fd, server->got, NULL);
	return NULL;
}

static Server *server_new(const Script *script)
{
	Server *server = g_new0(Server, 1);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	server->script = script;
	server->got = g_string_new(NULL);
	server->dir = g_dir_make_tmp("mailchute-XXXXXX", NULL);
	server->path = g_build_filename(server->dir, "submit", NULL);
	g_strlcpy(address.sun_path, server->path, sizeof address.sun_path);
	server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_assert_cmpint(bind(server->listener, (struct sockaddr *)&address, sizeof address), ==, 0);
	g_assert_cmpint(listen(server->listener, 5), ==, 0);
	server->thread = g_thread_new("server", serve, server);
	return server;
}

/* Until its script is over; what it got may be looked at then. */
static void server_wait(Server *server)
{
	g_clear_pointer(&server->thread, g_thread_join);
}

static void server_free(Server *server)
{
	if (server->thread)
		server_wait(server);
	fd_clear(&server->listener);
	(void)g_unlink(server->path);
	(void)g_rmdir(server->dir);
	g_free(server->path);
	g_free(server->dir);
	g_string_free(server->got, TRUE);
	g_free(server);
}

static GPtrArray *strings(const char *first, ...)
{
	GPtrArray *list = g_ptr_array_new();
	va_list args;

	va_start(args, first);
	for (const char *s = first; s; s = va_arg(args, const char *))
		g_ptr_array_add(list, (gpointer)s);
	va_end(args);
	return list;
}

/* A whole submission of @length bytes of text; the id or the error. */
static char *submit(MchClient *client, const char *text, gsize length, GError **error)
{
	g_autoptr(GPtrArray) recipients = strings("root", "b@x.y", NULL);
	g_autoptr(GPtrArray) options = strings("ret HDRS", NULL);

	if (!client_send_envelope(client, "a@x.y", options, recipients, error) ||
	    !client_send_text(client, text, length, error))
		return NULL;
	return client_finish(client, error);
}

static void test_accepted(void)
{
	const Script scripts[] = {
		{ HELLO, TRUE, "K10:4QxJ2mZk7c,", FALSE, FALSE },
		{ HELLO, TRUE, "K10:4QxJ2mZk7c,", TRUE, FALSE },
		{ "", TRUE, HELLO "L3:250,K10:4QxJ2mZk7c,", TRUE, TRUE },
	};

	for (guint i = 0; i < G_N_ELEMENTS(scripts); i++) {
		Server *server = server_new(&scripts[i]);
		g_autoptr(GError) error = NULL;
		MchClient *client = client_connect(server->path, &error);
		g_assert_no_error(error);
		g_autofree char *id = submit(client, "Subject: x\n\nhi\n", 15, &error);
		g_assert_no_error(error);
		g_assert_cmpstr(id, ==, "4QxJ2mZk7c");
		client_free(client);
		server_wait(server);
		g_assert_cmpstr(server->got->str, ==, ENVELOPE "B15:Subject: x\n\nhi\n,E0:,");
		server_free(server);
	}
}

static void test_refused(void)
{
	const struct {
		Script script;
		int code;
		const char *text; /* part of the message; NULL = any */
	} cases[] = {
		{ { HELLO, TRUE, "T9:disk full,", FALSE, FALSE },
		  MCH_SUBMIT_ERROR_LATER,
		  "disk full" },
		{ { HELLO, TRUE, "T9:disk full,", TRUE, TRUE },
		  MCH_SUBMIT_ERROR_LATER,
		  "disk full" },
		{ { HELLO, TRUE, "P10:65 too big,", FALSE, FALSE },
		  MCH_SUBMIT_ERROR_MESSAGE,
		  "too big" },
		{ { HELLO, TRUE, "P7:64 what,", FALSE, FALSE }, MCH_SUBMIT_ERROR_USAGE, "what" },
		{ { HELLO, TRUE, "P6:no way,", FALSE, FALSE }, MCH_SUBMIT_ERROR_REFUSED, "no way" },
		/* a terminal's escape sequence does not get through */
		{ { HELLO, TRUE, "T5:a\033[2J,", FALSE, FALSE },
		  MCH_SUBMIT_ERROR_LATER,
		  "a\\x1b[2J" },
		/* nobody there, and the difference that allows a second try */
		{ { "", FALSE, "", FALSE, FALSE }, MCH_SUBMIT_ERROR_NO_SERVICE, NULL },
		{ { "", TRUE, "", FALSE, FALSE }, MCH_SUBMIT_ERROR_NO_SERVICE, NULL },
		{ { HELLO, TRUE, "", FALSE, FALSE }, MCH_SUBMIT_ERROR_LATER, NULL },
		{ { HELLO, FALSE, "", FALSE, FALSE }, MCH_SUBMIT_ERROR_LATER, NULL },
		{ { HELLO, TRUE, "K10:4QxJ2mZk7", FALSE, FALSE }, MCH_SUBMIT_ERROR_LATER, NULL },
		/* not our protocol: never taken for an acceptance */
		{ { "", TRUE, "K10:4QxJ2mZk7c,", FALSE, FALSE }, MCH_SUBMIT_ERROR_PROTOCOL, NULL },
		{ { HELLO, TRUE, "K0:,", FALSE, FALSE }, MCH_SUBMIT_ERROR_PROTOCOL, NULL },
		{ { HELLO, TRUE, "K3:a\nb,", FALSE, FALSE }, MCH_SUBMIT_ERROR_PROTOCOL, NULL },
		{ { "H18:mailchute-submit 2,", TRUE, "K1:a,", FALSE, FALSE },
		  MCH_SUBMIT_ERROR_PROTOCOL,
		  NULL },
		{ { "H19:mailchute-submit 10,", TRUE, "K1:a,", FALSE, FALSE },
		  MCH_SUBMIT_ERROR_PROTOCOL,
		  NULL },
		{ { HELLO, TRUE, "250 OK\r\n", FALSE, FALSE }, MCH_SUBMIT_ERROR_PROTOCOL, NULL },
		{ { HELLO, TRUE, "Z1:a,", FALSE, FALSE }, MCH_SUBMIT_ERROR_PROTOCOL, NULL },
		{ { HELLO, TRUE,
		    "K65:0123456789012345678901234567890123456789012345678901234567890"
		    "1234,",
		    FALSE, FALSE },
		  MCH_SUBMIT_ERROR_PROTOCOL,
		  NULL },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		Server *server = server_new(&cases[i].script);
		g_autoptr(GError) error = NULL;
		MchClient *client = client_connect(server->path, &error);
		g_assert_no_error(error);
		g_autofree char *id = submit(client, "x\n", 2, &error);
		g_test_message("case %u: %s", i, error ? error->message : "no error");
		g_assert_null(id);
		g_assert_error(error, MCH_SUBMIT_ERROR, cases[i].code);
		if (cases[i].text)
			g_assert_cmpstr(error->message, ==, cases[i].text);
		client_free(client);
		server_free(server);
	}
}

/* A refusal in the middle of a large message is the error, whether the server closes or stays. */
static void test_early_answer(void)
{
	const Script scripts[] = {
		{ HELLO "T9:disk full,", FALSE, "", FALSE, FALSE },
		{ HELLO "T9:disk full,", FALSE, "", FALSE, TRUE },
	};
	gsize length = 8 * 1024 * 1024;
	g_autofree char *text = g_malloc0(length);

	for (guint i = 0; i < G_N_ELEMENTS(scripts); i++) {
		Server *server = server_new(&scripts[i]);
		g_autoptr(GError) error = NULL;
		g_autoptr(GError) again = NULL;
		MchClient *client = client_connect(server->path, &error);
		g_assert_null(submit(client, text, length, &error));
		g_assert_error(error, MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_LATER);
		g_assert_cmpstr(error->message, ==, "disk full");
		/* and it stays so */
		g_assert_false(client_send_text(client, "x", 1, &again));
		g_assert_error(again, MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_LATER);
		client_free(client);
		server_free(server);
	}
}

static void test_large_text(void)
{
	const Script script = { HELLO, TRUE, "K1:a,", FALSE, FALSE };
	Server *server = server_new(&script);
	gsize length = 1024 * 1024 + 5;
	g_autofree char *text = g_malloc(length);
	g_autoptr(GError) error = NULL;

	memset(text, 'm', length);
	MchClient *client = client_connect(server->path, &error);
	g_autofree char *id = submit(client, text, length, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(id, ==, "a");
	client_free(client);
	server_wait(server);
	/* 16 full blocks and a small one, each with its frame */
	g_assert_cmpuint(server->got->len, ==,
			 strlen(ENVELOPE) + length + 16 * strlen("B65536:,") + strlen("B5:,E0:,"));
	g_assert_nonnull(strstr(server->got->str, "m,B65536:m"));
	g_assert_true(g_str_has_suffix(server->got->str, ",B5:mmmmm,E0:,"));
	server_free(server);
}

/* The block that says "still here" must not wait in a buffer. */
static void test_still_here(void)
{
	const Script script = { HELLO, FALSE, "", FALSE, TRUE };
	Server *server = server_new(&script);
	g_autoptr(GPtrArray) recipients = strings("root", NULL);
	g_autoptr(GError) error = NULL;
	MchClient *client = client_connect(server->path, &error);

	g_assert_true(client_send_envelope(client, "", NULL, recipients, &error));
	g_assert_true(client_send_text(client, "x\n", 2, &error));
	g_assert_true(client_wait_hello(client, &error));
	g_assert_true(client_send_text(client, NULL, 0, &error));
	g_assert_no_error(error);
	client_free(client);
	server_wait(server);
	g_assert_cmpstr(server->got->str, ==, "H18:mailchute-submit 1,F0:,R4:root,B2:x\n,B0:,");
	server_free(server);
}

static void test_limits(void)
{
	const Script script = { HELLO, FALSE, "", FALSE, TRUE };
	Server *server = server_new(&script);
	g_autofree char *address = g_strnfill(MCH_LIMIT_ADDRESS + 1, 'a');
	g_autoptr(GPtrArray) recipients = strings(address, NULL);
	g_autoptr(GError) error = NULL;
	MchClient *client = client_connect(server->path, &error);

	g_assert_false(client_send_envelope(client, "", NULL, recipients, &error));
	g_assert_error(error, MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_MESSAGE);
	client_free(client);
	server_free(server);
}

static void test_nobody(void)
{
	g_autofree char *dir = g_dir_make_tmp("mailchute-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "submit", NULL);
	g_autoptr(GError) error = NULL;

	g_assert_null(client_connect(path, &error));
	g_assert_error(error, MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_NO_SERVICE);
	g_assert_nonnull(strstr(error->message, path));
	g_clear_error(&error);
	g_assert_true(g_file_set_contents(path, "", 0, NULL)); /* a file, not a socket */
	g_assert_null(client_connect(path, &error));
	g_assert_error(error, MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_NO_SERVICE);
	(void)g_unlink(path);
	(void)g_rmdir(dir);
}

/* sun_path has room for 108 bytes; a home directory may be deeper. */
static void test_long_path(void)
{
	const Script script = { HELLO, TRUE, "K1:a,", FALSE, FALSE };
	Server *server = server_new(&script);
	g_autofree char *name = g_strnfill(120, 'd');
	g_autofree char *deep = g_build_filename(server->dir, name, NULL);
	g_autofree char *path = g_build_filename(deep, "submit", NULL);
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(g_mkdir(deep, 0700), ==, 0);
	g_assert_cmpint(g_rename(server->path, path), ==, 0);
	MchClient *client = client_connect(path, &error);
	g_assert_no_error(error);
	g_autofree char *id = submit(client, "x\n", 2, &error);
	g_assert_cmpstr(id, ==, "a");
	client_free(client);
	(void)g_unlink(path);
	(void)g_rmdir(deep);
	g_autofree char *gone = g_build_filename(deep, "submit", NULL);
	g_assert_null(client_connect(gone, &error));
	g_assert_error(error, MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_NO_SERVICE);
	server_free(server);
}

int main(int argc, char **argv)
{
	(void)fd_prepare_process();
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/accepted", test_accepted);
	g_test_add_func("/client/refused", test_refused);
	g_test_add_func("/client/early-answer", test_early_answer);
	g_test_add_func("/client/large-text", test_large_text);
	g_test_add_func("/client/still-here", test_still_here);
	g_test_add_func("/client/limits", test_limits);
	g_test_add_func("/client/nobody", test_nobody);
	g_test_add_func("/client/long-path", test_long_path);
	return g_test_run();
}
