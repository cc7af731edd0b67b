/* test-netstring.c: records come back as they went in, and a length is never believed blindly. */
#include "config.h"
#include "base/netstring.h"
#include "base/error.h"
#include <string.h>

static void test_round_trip(void)
{
	g_autoptr(GString) buffer = g_string_new(NULL);
	const char *payload;
	gsize length;
	char type;

	netstring_append(buffer, 'F', "alice@x.example", -1);
	netstring_append(buffer, 'E', "", 0);
	netstring_append(buffer, 'B', "a\0,:b", 5);
	g_assert_true(g_str_has_prefix(buffer->str, "F15:alice@x.example,E0:,B5:a"));

	gssize n = netstring_parse(buffer->str, buffer->len, 100, &type, &payload, &length, NULL);
	g_assert_cmpint(n, ==, 20);
	g_assert_cmpint(type, ==, 'F');
	g_assert_cmpmem(payload, length, "alice@x.example", 15);
	g_string_erase(buffer, 0, n);
	n = netstring_parse(buffer->str, buffer->len, 100, &type, &payload, &length, NULL);
	g_assert_cmpint(n, ==, 4);
	g_assert_cmpuint(length, ==, 0);
	g_string_erase(buffer, 0, n);
	n = netstring_parse(buffer->str, buffer->len, 100, &type, &payload, &length, NULL);
	g_assert_cmpmem(payload, length, "a\0,:b", 5);
}

static void test_every_prefix_asks_for_more(void)
{
	const char *whole = "R13:bob@y.example,";
	const char *payload;
	gsize length;
	char type;

	for (gsize n = 0; n < strlen(whole); n++)
		g_assert_cmpint(netstring_parse(whole, n, 100, &type, &payload, &length, NULL), ==,
				0);
}

static void test_bad_records(void)
{
	const struct {
		const char *data;
		MchFormatError code;
	} cases[] = {
		{ "f1:a,", MCH_FORMAT_ERROR_DAMAGED },
		{ "1:a,", MCH_FORMAT_ERROR_DAMAGED },
		{ "F:a,", MCH_FORMAT_ERROR_DAMAGED },
		{ "F-1:a,", MCH_FORMAT_ERROR_DAMAGED },
		{ "F01:a,", MCH_FORMAT_ERROR_DAMAGED },
		{ "F1:ab", MCH_FORMAT_ERROR_DAMAGED },
		{ "F101:", MCH_FORMAT_ERROR_LIMIT },
		{ "F99999999999999999999999999999:", MCH_FORMAT_ERROR_LIMIT },
	};
	const char *payload;
	gsize length;
	char type;

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_assert_cmpint(netstring_parse(cases[i].data, strlen(cases[i].data), 100, &type,
						&payload, &length, &error),
				==, -1);
		g_assert_error(error, MCH_FORMAT_ERROR, (int)cases[i].code);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/netstring/round-trip", test_round_trip);
	g_test_add_func("/netstring/prefixes", test_every_prefix_asks_for_more);
	g_test_add_func("/netstring/bad", test_bad_records);
	return g_test_run();
}
