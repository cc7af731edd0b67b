/* test-spool-format.c: what is printed is read back; what is damaged is never taken for mail. */
#include "config.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "base/fd.h"
#include "spool/spool-format.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int make_file(const char *text, gsize length)
{
	int fd = memfd_create("queue-file", MFD_CLOEXEC);

	g_assert_true(fd_write_all(fd, text, length, NULL));
	return fd;
}

static MchSpoolHeader *make_header(void)
{
	MchSpoolHeader *header = spool_header_new("4QxJ2mZk7c", 1795468800, 33);
	GPtrArray *options = g_ptr_array_new_with_free_func(g_free);

	header->from = g_strdup("www data\"@web1");
	g_ptr_array_add(header->options, g_strdup("ret HDRS"));
	g_ptr_array_add(options, g_strdup("notify FAILURE"));
	spool_header_add_recipient(header, "root", options);
	spool_header_add_recipient(header, "a b@x.example", NULL);
	return header;
}

static void test_round_trip(void)
{
	const char *text = "Subject: x\n\nbody";
	g_autoptr(MchSpoolHeader) header = make_header();
	g_autoptr(GError) error = NULL;
	off_t offset;

	g_autoptr(GString) file = spool_format_print(header);
	g_assert_cmpint(header->body_offset, ==, (off_t)file->len);
	g_string_append(file, text);
	header->size = strlen(text);
	header->sum = crc32c_update(0, text, strlen(text));
	g_autoptr(GString) lines = spool_format_print_size(header, &offset);
	memcpy(file->str + offset, lines->str, lines->len);

	mch_autofd int fd = make_file(file->str, file->len);
	g_autoptr(MchSpoolHeader) back = spool_format_read(fd, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(back->id, ==, "4QxJ2mZk7c");
	g_assert_cmpint(back->time, ==, 1795468800);
	g_assert_cmpuint(back->uid, ==, 33);
	g_assert_cmpstr(back->from, ==, "www data\"@web1");
	g_assert_cmpuint(back->size, ==, strlen(text));
	g_assert_cmpuint(back->recipients->len, ==, 2);
	g_assert_cmpstr(spool_option(back->options, "ret"), ==, "HDRS");
	g_assert_null(spool_option(back->options, "re"));
	const MchSpoolRecipient *first = back->recipients->pdata[0];
	const MchSpoolRecipient *second = back->recipients->pdata[1];
	g_assert_cmpstr(first->address, ==, "root");
	g_assert_cmpstr(spool_option(first->options, "notify"), ==, "FAILURE");
	g_assert_cmpstr(second->address, ==, "a b@x.example");
	g_assert_null(second->options);
	g_assert_true(spool_format_check_sum(fd, back, &error));

	g_assert_cmpint(pwrite(fd, "B", 1, back->body_offset + 12), ==, 1);
	g_assert_false(spool_format_check_sum(fd, back, &error));
	g_assert_error(error, MCH_FORMAT_ERROR, MCH_FORMAT_ERROR_DAMAGED);
}

#define TOP  "mailchute-queue 1\nid A\ntime 1\nuid 2\nfrom \n"
#define TAIL "size 00000000000000000000\nsum  0000000000000000\n\n"

static void test_refused(void)
{
	static const struct {
		const char *text;
		MchFormatError code;
	} cases[] = {
		{ "", MCH_FORMAT_ERROR_DAMAGED },
		{ "mailchute-queue 2\nanything\n\n", MCH_FORMAT_ERROR_VERSION },
		{ "something else\n\n", MCH_FORMAT_ERROR_DAMAGED },
		{ TOP "rcpt r\n", MCH_FORMAT_ERROR_DAMAGED },
		{ TOP TAIL, MCH_FORMAT_ERROR_DAMAGED }, /* no recipient */
		{ TOP "rcpt \n" TAIL, MCH_FORMAT_ERROR_DAMAGED },
		{ TOP "uid 3\nrcpt r\n" TAIL, MCH_FORMAT_ERROR_DAMAGED },
		{ TOP "wat 3\nrcpt r\n" TAIL, MCH_FORMAT_ERROR_DAMAGED },
		{ TOP "rcpt r\nrcpt-opt notify NEVER\n" TAIL, MCH_FORMAT_ERROR_DAMAGED },
		{ TOP "rcpt r\nsize 1\nsum  0000000000000000\n\n", MCH_FORMAT_ERROR_DAMAGED },
		{ TOP "rcpt r\nsize 00000000000000000001\nsum  0000000000000000\n\n",
		  MCH_FORMAT_ERROR_DAMAGED }, /* shorter than it says */
		{ "mailchute-queue 1\nid ../x\ntime 1\nuid 2\nfrom \nrcpt r\n" TAIL,
		  MCH_FORMAT_ERROR_DAMAGED },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		mch_autofd int fd = make_file(cases[i].text, strlen(cases[i].text));
		g_autoptr(GError) error = NULL;
		g_assert_null(spool_format_read(fd, &error));
		g_assert_error(error, MCH_FORMAT_ERROR, (int)cases[i].code);
	}
	static const char good[] = TOP "x-later yes\nrcpt r\n" TAIL;
	mch_autofd int fd = make_file(good, strlen(good));
	g_autoptr(MchSpoolHeader) header = spool_format_read(fd, NULL);
	g_assert_nonnull(header);
	mch_autofd int with_nul = make_file(TOP "rcpt r\0x\n" TAIL, sizeof TOP + 9 + sizeof TAIL);
	g_assert_null(spool_format_read(with_nul, NULL));
}

static void test_every_truncation(void)
{
	g_autoptr(MchSpoolHeader) header = make_header();
	g_autoptr(GString) file = spool_format_print(header);

	header->size = 4;
	g_autoptr(GString) whole = spool_format_print(header);
	g_string_append(whole, "text");
	for (gsize n = 0; n <= whole->len; n++) {
		mch_autofd int fd = make_file(whole->str, n);
		g_autoptr(MchSpoolHeader) back = spool_format_read(fd, NULL);
		g_assert_cmpint(back != NULL, ==, n == whole->len);
	}
}

static void test_many_recipients(void)
{
	g_autoptr(MchSpoolHeader) header = spool_header_new("A", 1, 2);
	g_autofree char *address = g_strnfill(900, 'a');

	header->from = g_strdup("");
	for (guint i = 0; i < 20000; i++)
		spool_header_add_recipient(header, address, NULL);
	g_autoptr(GString) file = spool_format_print(header);
	mch_autofd int fd = make_file(file->str, file->len);
	g_autoptr(MchSpoolHeader) back = spool_format_read(fd, NULL);
	g_assert_nonnull(back);
	g_assert_cmpuint(back->recipients->len, ==, 20000);
}

static void test_ids(void)
{
	static const char *const good[] = { "4QxJ2mZk7c", "a.bounce.1", "A-1" };
	static const char *const bad[] = { "", ".", "..", ".x", "a/b", "a b", "\xc3\xa9", "a\n" };

	for (guint i = 0; i < G_N_ELEMENTS(good); i++)
		g_assert_true(spool_id_is_valid(good[i]));
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
		g_assert_false(spool_id_is_valid(bad[i]));
	g_autofree char *longest = g_strnfill(63, 'x'), *longer = g_strnfill(64, 'x');
	g_assert_true(spool_id_is_valid(longest));
	g_assert_false(spool_id_is_valid(longer));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/spool-format/round-trip", test_round_trip);
	g_test_add_func("/spool-format/refused", test_refused);
	g_test_add_func("/spool-format/truncated", test_every_truncation);
	g_test_add_func("/spool-format/many-recipients", test_many_recipients);
	g_test_add_func("/spool-format/ids", test_ids);
	return g_test_run();
}
