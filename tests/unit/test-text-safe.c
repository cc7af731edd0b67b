/* test-text-safe.c: whatever goes in, one bounded printable line comes out. */
#include "config.h"
#include "base/text-safe.h"
#include <string.h>

static void check(const char *in, gssize length, gsize max, const char *want)
{
	g_autofree char *out = text_safe_line(in, length, max);
	g_assert_cmpstr(out, ==, want);
}

static void test_escapes(void)
{
	check("plain text", -1, 100, "plain text");
	check("a\r\nb\tc", -1, 100, "a\\x0d\\x0ab\\x09c");
	check("nul\0here", 8, 100, "nul\\x00here");
	check("back\\slash \xc3\xa9", -1, 100, "back\\x5cslash \\xc3\\xa9");
	check("", -1, 100, "");
}

static void test_bounded(void)
{
	check("0123456789", -1, 10, "0123456789");
	check("0123456789a", -1, 10, "0123456...");
	check("\n\n\n\n\n\n", -1, 10, "\\x0a...");

	g_autofree char *huge = g_strnfill(1 << 20, '\n');
	g_autofree char *out = text_safe_line(huge, -1, G_MAXSIZE);
	g_assert_cmpuint(strlen(out), <=, MCH_TEXT_SAFE_MAX);
}

static void test_control(void)
{
	g_assert_false(text_has_control("alice@x.example", -1));
	g_assert_false(text_has_control("\xc3\xa9", -1));
	g_assert_true(text_has_control("a\tb", -1));
	g_assert_true(text_has_control("a\x7f", -1));
	g_assert_true(text_has_control("a\0b", 3));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/text-safe/escapes", test_escapes);
	g_test_add_func("/text-safe/bounded", test_bounded);
	g_test_add_func("/text-safe/control", test_control);
	return g_test_run();
}
