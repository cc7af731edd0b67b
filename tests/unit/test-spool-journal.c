/* test-spool-journal.c: fates come back, torn lines were never said, what is sent stays sent. */
#include "config.h"
#include "base/error.h"
#include "base/fd.h"
#include "spool/spool-journal.h"
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static MchSpoolHeader *make_header(void)
{
	MchSpoolHeader *header = spool_header_new("A", 1, 2);

	header->from = g_strdup("s@x.example");
	spool_header_add_recipient(header, "root", NULL);
	spool_header_add_recipient(header, "b@x.example", NULL);
	return header;
}

/* A queue file with the message @text. */
static int make_file(MchSpoolHeader *header, const char *text)
{
	int fd = memfd_create("queue-file", MFD_CLOEXEC);

	header->size = strlen(text);
	g_autoptr(GString) file = spool_format_print(header);
	g_string_append(file, text);
	g_assert_true(fd_write_all(fd, file->str, file->len, NULL));
	return fd;
}

static void append(int fd, GString *lines)
{
	g_autoptr(GError) error = NULL;

	g_assert_true(spool_journal_append(fd, lines, &error));
	g_string_truncate(lines, 0);
}

static void test_round_trip(void)
{
	/* With and without a final line feed: the journal starts on a line of its own. */
	static const char *const texts[] = { "text\n", "text", "" };

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(MchSpoolHeader) header = make_header();
		mch_autofd int fd = make_file(header, texts[i]);
		g_autoptr(GString) lines = g_string_new(NULL);
		g_autoptr(MchJournal) empty = spool_journal_read(fd, header, NULL);
		g_assert_cmpuint(empty->targets->len, ==, 0);

		spool_journal_print_expand(lines, 10, 1, 1, "admin \"x\"@y.example");
		spool_journal_print_expand(lines, 10, 1, 2, "other@y.example");
		spool_journal_print_fate(lines, 10, 1, 1, MCH_FATE_TEMP, "451 4.3.0 try again");
		spool_journal_print_fate(lines, 10, 1, 2, MCH_FATE_SENT, "250 ok");
		append(fd, lines);
		spool_journal_print_fate(lines, 20, 1, 1, MCH_FATE_PERM, "550 no");
		spool_journal_print_reported(lines, 30, 1, 1, "A.bounce.3");
		spool_journal_print_failed(lines, 40, "nobody to tell");
		append(fd, lines);

		g_autoptr(MchJournal) journal = spool_journal_read(fd, header, NULL);
		const MchTarget *first = spool_journal_find(journal, 1, 1);
		const MchTarget *second = spool_journal_find(journal, 1, 2);
		g_assert_cmpstr(first->address, ==, "admin \"x\"@y.example");
		g_assert_cmpint(first->fate, ==, MCH_FATE_PERM);
		g_assert_cmpstr(first->text, ==, "550 no");
		g_assert_true(first->reported);
		g_assert_cmpint(second->fate, ==, MCH_FATE_SENT);
		g_assert_false(second->reported);
		g_assert_null(spool_journal_find(journal, 2, 1));
		g_assert_cmpuint(journal->attempts, ==, 2);
		g_assert_cmpuint(journal->n_reports, ==, 3);
		g_assert_cmpstr(journal->failed, ==, "nobody to tell");
	}
}

static void test_sent_stays_sent(void)
{
	g_autoptr(MchSpoolHeader) header = make_header();
	mch_autofd int fd = make_file(header, "text\n");
	g_autoptr(GString) lines = g_string_new(NULL);

	spool_journal_print_expand(lines, 10, 1, 1, "a@y.example");
	spool_journal_print_fate(lines, 10, 1, 1, MCH_FATE_SENT, "250 ok");
	spool_journal_print_fate(lines, 11, 1, 1, MCH_FATE_TEMP, "450 later");
	append(fd, lines);
	g_autoptr(MchJournal) journal = spool_journal_read(fd, header, NULL);
	g_assert_cmpint(spool_journal_find(journal, 1, 1)->fate, ==, MCH_FATE_SENT);
}

/* The file cut at every byte of its last line, then written on: never half a fate, never damage. */
static void test_torn_at_every_byte(void)
{
	g_autoptr(GString) lines = g_string_new(NULL);
	gsize whole;

	spool_journal_print_expand(lines, 10, 1, 1, "a@y.example");
	spool_journal_print_fate(lines, 10, 1, 1, MCH_FATE_SENT, "250 2.0.0 ok");
	whole = lines->len;
	for (gsize n = 0; n < whole; n++) {
		g_autoptr(MchSpoolHeader) header = make_header();
		mch_autofd int fd = make_file(header, "text\n");
		g_autoptr(GString) part = g_string_new_len(lines->str, (gssize)n);
		off_t end = header->body_offset + (off_t)header->size;
		g_assert_true(fd_pwrite_all(fd, part->str, part->len, end, NULL));

		g_autoptr(MchJournal) torn = spool_journal_read(fd, header, NULL);
		g_assert_nonnull(torn);
		const MchTarget *target = spool_journal_find(torn, 1, 1);
		/* The line counts from its last checksum digit on; its line feed may be missing. */
		g_assert_cmpint(target && target->fate == MCH_FATE_SENT, ==, n >= whole - 1);

		g_autoptr(GString) more = g_string_new(NULL);
		spool_journal_print_expand(more, 20, 2, 1, "b@x.example");
		spool_journal_print_fate(more, 20, 2, 1, MCH_FATE_TEMP, "450 later");
		append(fd, more);
		g_autoptr(MchJournal) healed = spool_journal_read(fd, header, NULL);
		g_assert_nonnull(healed);
		g_assert_cmpint(spool_journal_find(healed, 2, 1)->fate, ==, MCH_FATE_TEMP);
	}
}

static void test_bad_lines_that_verify(void)
{
	g_autoptr(MchSpoolHeader) header = make_header();
	g_autoptr(GString) lines = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	mch_autofd int fd = make_file(header, "text\n");

	spool_journal_print_fate(lines, 10, 1, 1, MCH_FATE_SENT, "250"); /* never expanded */
	append(fd, lines);
	g_assert_null(spool_journal_read(fd, header, &error));
	g_assert_error(error, MCH_FORMAT_ERROR, MCH_FORMAT_ERROR_DAMAGED);
}

static void test_names(void)
{
	MchFateKind kind;

	for (guint i = MCH_FATE_UNTRIED; i <= MCH_FATE_DOUBT; i++) {
		g_assert_true(fate_from_name(fate_name((MchFateKind)i), &kind));
		g_assert_cmpint(kind, ==, (int)i);
	}
	g_assert_false(fate_from_name("", &kind));
	g_assert_true(fate_is_final(MCH_FATE_PERM));
	g_assert_false(fate_is_final(MCH_FATE_DOUBT));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/spool-journal/round-trip", test_round_trip);
	g_test_add_func("/spool-journal/sent-stays-sent", test_sent_stays_sent);
	g_test_add_func("/spool-journal/torn", test_torn_at_every_byte);
	g_test_add_func("/spool-journal/impossible", test_bad_lines_that_verify);
	g_test_add_func("/spool-journal/names", test_names);
	return g_test_run();
}
