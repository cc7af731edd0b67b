/* test-control.c: items survive the trip, and only whole answers count. */
#include "config.h"
#include "submit/control.h"
#include "base/error.h"
#include "base/fd.h"
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static void test_item(void)
{
	char *recipients[] = { "root", "b\tc@x.y", "\xc3\xa9@x.y", NULL };
	const MchControlItem item = { .id = "4QxJ2mZk7c",
				      .time = 1795468800,
				      .uid = 4294967295u,
				      .size = 48213,
				      .state = "deferred",
				      .from = "",
				      .last_error = "451 try\nlater",
				      .recipients = recipients };
	g_autoptr(GString) line = g_string_new(NULL);

	control_append_item(line, &item);
	g_assert_cmpstr(line->str, ==,
			"4QxJ2mZk7c\t1795468800\t4294967295\t48213\tdeferred\t\t451 "
			"try\\x0alater\troot\tb\\x09c@x.y\t\\xc3\\xa9@x.y\n");
	g_string_truncate(line, line->len - 1);
	g_autoptr(MchControlItem) back = control_parse_item(line->str);
	g_assert_nonnull(back);
	g_assert_cmpstr(back->id, ==, item.id);
	g_assert_cmpint(back->time, ==, item.time);
	g_assert_cmpuint(back->uid, ==, item.uid);
	g_assert_cmpuint(back->size, ==, item.size);
	g_assert_cmpstr(back->state, ==, "deferred");
	g_assert_cmpstr(back->from, ==, "");
	g_assert_cmpuint(g_strv_length(back->recipients), ==, 3);
	g_assert_cmpstr(back->recipients[0], ==, "root");
}

static void test_item_without(void)
{
	const MchControlItem item = { .id = "a", .state = "active" };
	g_autoptr(GString) line = g_string_new(NULL);

	control_append_item(line, &item);
	g_assert_cmpstr(line->str, ==, "a\t0\t0\t0\tactive\t\t\n");
	g_autoptr(MchControlItem) back = control_parse_item("a\t0\t0\t0\tactive\t\t");
	g_assert_nonnull(back);
	g_assert_cmpuint(g_strv_length(back->recipients), ==, 0);
}

static void test_bad_items(void)
{
	const char *const lines[] = {
		"",
		"a",
		"a\t0\t0\t0\tactive\t",
		"\t0\t0\t0\tactive\t\t",
		"a\t\t0\t0\tactive\t\t",
		"a\t0\t4294967296\t0\tactive\t\t",
		"a\t0\t0\t-1\tactive\t\t",
		"a\t0\t0\t0x1\tactive\t\t",
		"a\t0\t0\t0\tgone\t\t",
		"a\x01\t0\t0\t0\tactive\t\t",
	};

	for (guint i = 0; i < G_N_ELEMENTS(lines); i++)
		g_assert_null(control_parse_item(lines[i]));
}

typedef struct {
	int listener;
	const char *answer;
	gsize length;
	MchControlRequest request;
} Server;

static gpointer serve(gpointer data)
{
	Server *server = data;
	mch_autofd int fd = accept(server->listener, NULL, NULL);

	g_assert_cmpint(fd_read(fd, &server->request, sizeof server->request, NULL), ==,
			sizeof server->request);
	g_assert_true(fd_write_all(fd, server->answer, server->length, NULL));
	return NULL;
}

static void test_ask(void)
{
	const struct {
		const char *answer;
		gsize length;
		const char *result;
		int code;
		const char *message;
	} cases[] = {
		{ "ok\n", 3, "", 0, NULL },
		{ "ok\na\tb\nc\n", 9, "a\tb\nc\n", 0, NULL },
		{ "error not yours\n", 16, NULL, MCH_SUBMIT_ERROR_REFUSED, "not yours" },
		{ "error a\033b\n", 10, NULL, MCH_SUBMIT_ERROR_REFUSED, "a\\x1bb" },
		{ "", 0, NULL, MCH_SUBMIT_ERROR_NO_SERVICE, NULL },
		{ "ok", 2, NULL, MCH_SUBMIT_ERROR_PROTOCOL, NULL },
		{ "ok\na\tb", 6, NULL, MCH_SUBMIT_ERROR_PROTOCOL, NULL },
		{ "ok\na\0b\n", 7, NULL, MCH_SUBMIT_ERROR_PROTOCOL, NULL },
		{ "okay\n", 5, NULL, MCH_SUBMIT_ERROR_PROTOCOL, NULL },
	};
	g_autofree char *dir = g_dir_make_tmp("mailchute-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "control", NULL);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mch_autofd int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_strlcpy(address.sun_path, path, sizeof address.sun_path);
	g_assert_cmpint(bind(listener, (struct sockaddr *)&address, sizeof address), ==, 0);
	g_assert_cmpint(listen(listener, 5), ==, 0);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		Server server = { .listener = listener,
				  .answer = cases[i].answer,
				  .length = cases[i].length };
		GThread *thread = g_thread_new("server", serve, &server);
		g_autoptr(GError) error = NULL;
		g_autofree char *answer = control_ask(path, MCH_CONTROL_FLUSH, "4QxJ2mZk7c",
						      &error);
		g_thread_join(thread);
		g_assert_cmpstr(answer, ==, cases[i].result);
		if (!cases[i].result)
			g_assert_error(error, MCH_SUBMIT_ERROR, cases[i].code);
		if (cases[i].message)
			g_assert_cmpstr(error->message, ==, cases[i].message);
		g_assert_cmpuint(server.request.version, ==, MCH_CONTROL_VERSION);
		g_assert_cmpuint(server.request.verb, ==, MCH_CONTROL_FLUSH);
		g_assert_cmpstr(server.request.name, ==, "4QxJ2mZk7c");
	}
	(void)g_unlink(path);
	(void)g_rmdir(dir);
}

static void test_long_name(void)
{
	g_autofree char *name = g_strnfill(MCH_CONTROL_NAME_MAX, 'a');
	g_autofree char *dir = g_dir_make_tmp("mailchute-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "control", NULL);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mch_autofd int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_autoptr(GError) error = NULL;

	g_strlcpy(address.sun_path, path, sizeof address.sun_path);
	g_assert_cmpint(bind(listener, (struct sockaddr *)&address, sizeof address), ==, 0);
	g_assert_cmpint(listen(listener, 5), ==, 0);
	g_assert_null(control_ask(path, MCH_CONTROL_FLUSH, name, &error));
	g_assert_error(error, MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_USAGE);
	(void)g_unlink(path);
	(void)g_rmdir(dir);
}

int main(int argc, char **argv)
{
	(void)fd_prepare_process();
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/control/item", test_item);
	g_test_add_func("/control/item-without", test_item_without);
	g_test_add_func("/control/bad-items", test_bad_items);
	g_test_add_func("/control/ask", test_ask);
	g_test_add_func("/control/long-name", test_long_name);
	return g_test_run();
}
