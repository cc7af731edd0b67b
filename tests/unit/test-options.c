/*
 * test-options.c: sendmail's dialect, with the option lines of real callers (features of cron,
 * mailx, mutt, git, PHP, ...), and the table itself.
 */
#include "config.h"
#include "front/options.h"
#include "base/error.h"
#include <string.h>

#define MAX_WORDS 12

/* What a parse gave, as one line: "send t i v f=X F=Y id=Z w=N | word | word" */
static char *describe(const MchOptions *o)
{
	static const char *const modes[] = { "send",  "list",	 "count",   "flush",
					     "check", "nothing", "version", "help" };
	GString *text = g_string_new(modes[o->mode]);

	if (o->find_recipients)
		g_string_append(text, " t");
	if (o->ignore_dots)
		g_string_append(text, " i");
	if (o->verbose)
		g_string_append(text, " v");
	if (o->sender)
		g_string_append_printf(text, " f=%s", o->sender);
	if (o->full_name)
		g_string_append_printf(text, " F=%s", o->full_name);
	if (o->queue_id)
		g_string_append_printf(text, " id=%s", o->queue_id);
	if (o->warnings->len > 0)
		g_string_append_printf(text, " w=%u", o->warnings->len);
	for (guint i = 0; i < o->words->len; i++)
		g_string_append_printf(text, " | %s", (char *)g_ptr_array_index(o->words, i));
	return g_string_free(text, FALSE);
}

typedef struct {
	const char *words[MAX_WORDS];
	const char *expect; /* NULL = refused */
} Case;

static gboolean parse(const Case *c, MchOptions *ret_options, GError **error)
{
	char *argv[MAX_WORDS + 1] = { (char *)"sendmail" };
	int argc = 1;

	for (; c->words[argc - 1]; argc++)
		argv[argc] = (char *)c->words[argc - 1];
	return options_parse(argc, argv, MCH_MODE_SEND, ret_options, error);
}

static void check_cases(const Case *cases, gsize n)
{
	for (gsize i = 0; i < n; i++) {
		g_auto(MchOptions) options = { 0 };
		g_autoptr(GError) error = NULL;
		g_autofree char *got = NULL;
		if (parse(&cases[i], &options, &error))
			got = describe(&options);
		g_test_message("%s %s: %s", cases[i].words[0], cases[i].words[1],
			       got ? got : error->message);
		g_assert_cmpstr(got, ==, cases[i].expect);
	}
}

static void test_callers(void)
{
	static const Case cases[] = {
		/* cron on Debian, on Fedora, older ones; anacron; inn; popularity-contest */
		{ { "-FCronDaemon", "-i", "-B8BITMIME", "-oem", "root" },
		  "send i F=CronDaemon | root" },
		{ { "-FCronDaemon", "-i", "-odi", "-oem", "-oi", "-t", "-f", "root" },
		  "send t i f=root F=CronDaemon" },
		{ { "-FCronDaemon", "-odi", "-oem", "-or0s", "root" }, "send F=CronDaemon | root" },
		{ { "-FAnacron", "-odi", "root" }, "send F=Anacron | root" },
		{ { "-oee", "-odq", "-fnews@x.y", "-pNNTP:host", "a@x.y" },
		  "send f=news@x.y | a@x.y" },
		{ { "-ti" }, "send t i" },
		{ { "-toi" }, "send t i" },
		{ { "-oi", "-t" }, "send t i" },
		{ { "-t", "-oi", "-oem", "-fa@x.y" }, "send t i f=a@x.y" },
		/* mutt, mailx, git, perl, php, mailutils, RT */
		{ { "-oem", "-oi", "-f", "a@x.y", "-N", "failure", "-R", "hdrs", "--", "-b@x.y" },
		  "send i f=a@x.y | -b@x.y" },
		{ { "-i", "a", "b", "c" }, "send i | a | b | c" },
		{ { "-i", "-f", "a@x.y", "--", "b@x.y", "--", "-t" },
		  "send i f=a@x.y | b@x.y | -- | -t" },
		{ { "-t", "-i", "-fx@y" }, "send t i f=x@y" },
		{ { "-f", "<>", "-oi", "a@x.y" }, "send i f= | a@x.y" },
		{ { "-f", "", "a@x.y" }, "send f= | a@x.y" },
		{ { "-f", "a@x.y", "-F", "Alice B", "-t" }, "send t f=a@x.y F=Alice B" },
		{ { "-r", "a@x.y", "b" }, "send f=a@x.y | b" },
		/* options after recipients are options */
		{ { "b@x.y", "-f", "a@x.y" }, "send f=a@x.y | b@x.y" },
		{ { "-" }, "send | -" },
	};

	check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_dialect(void)
{
	static const Case cases[] = {
		{ { "-bp" }, "list" },
		{ { "-bpc" }, "count" },
		{ { "-bpr" }, "list" },
		{ { "-b", "p" }, "list" },
		{ { "-o", "i", "x" }, "send i | x" },
		{ { "-o", "db", "x" }, "send | x" },
		{ { "-bm", "x" }, "send | x" },
		{ { "-bi" }, "nothing" },
		{ { "-I" }, "nothing" },
		{ { "-bd", "-q30m" }, "nothing w=2" },
		{ { "-q" }, "flush" },
		{ { "-qf" }, "flush" },
		{ { "-qp30m" }, "nothing w=1" },
		{ { "-q", "-v" }, "flush v" },
		{ { "-qIabc" }, "flush id=abc" },
		{ { "-qI", "abc" }, "flush id=abc" },
		{ { "-d0.1" }, "version" },
		{ { "-d0.10", "x" }, "send v | x" },
		{ { "-bV" }, "version" },
		{ { "-bC" }, "check" },
		{ { "--help" }, "help" },
		{ { "--version" }, "version" },
		{ { "-vt" }, "send t v" },
		{ { "-XV+=", "x" }, "send | x" },
		/* a web form's fifth argument to mail(): no file is read or written */
		{ { "-t", "-C/etc/shadow", "-X", "/var/www/x.php" }, "send t w=2" },
		{ { "-t", "-OQueueDirectory=/tmp", "-oQ/tmp" }, "send t" },
		/* values are taken with their option, never for recipients */
		{ { "-h", "3", "-L", "tag", "-p", "ESMTP", "-V", "id", "-A", "c", "x" },
		  "send | x" },
		/* refused by name */
		{ { "-Z" }, NULL },
		{ { "-tZ" }, NULL },
		{ { "--frobnicate" }, NULL },
		{ { "-bs" }, NULL },
		{ { "-bz" }, NULL },
		{ { "-b" }, NULL },
		{ { "-f" }, NULL },
		{ { "-t", "-F" }, NULL },
		{ { "-o" }, NULL },
		{ { "-Mrm", "x" }, NULL },
		{ { "-qRx" }, NULL },
		{ { "-qwhat" }, NULL },
		{ { "-f", "a@x.y\nRCPT TO:<b@x.y>" }, NULL },
		{ { "-Falice\nBcc: b@x.y" }, NULL },
		{ { "-F", "a\177" }, NULL },
	};

	check_cases(cases, G_N_ELEMENTS(cases));
}

static void test_errors(void)
{
	static const struct {
		const char *word;
		int code;
		const char *part;
	} cases[] = {
		{ "-Z", MCH_SUBMIT_ERROR_USAGE, "-Z" },
		{ "-tZf", MCH_SUBMIT_ERROR_USAGE, "-Z;" },
		{ "-\033", MCH_SUBMIT_ERROR_USAGE, "-\\x1b" },
		{ "--frob\n", MCH_SUBMIT_ERROR_USAGE, "--frob\\x0a" },
		{ "-bs", MCH_SUBMIT_ERROR_USAGE, "-bs: SMTP on standard input" },
		{ "-bq\033", MCH_SUBMIT_ERROR_USAGE, "-bq\\x1b" },
		{ "-f", MCH_SUBMIT_ERROR_USAGE, "-f needs an argument" },
		{ "-fa\nb", MCH_SUBMIT_ERROR_ADDRESS, "a\\x0ab" },
		{ "-Fa\rb", MCH_SUBMIT_ERROR_USAGE, "a\\x0db" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		const Case c = { { cases[i].word }, NULL };
		MchOptions options;
		g_autoptr(GError) error = NULL;
		g_assert_false(parse(&c, &options, &error));
		g_assert_error(error, MCH_SUBMIT_ERROR, cases[i].code);
		g_assert_nonnull(strstr(error->message, cases[i].part));
	}
}

/* Each row of the table is reachable: parsing its own name ends at that row's fate. */
static void test_table(void)
{
	g_autofree char *help = options_help();
	g_autofree char *dump = options_dump();

	for (const MchOptionRow *row = option_rows; row->name; row++) {
		g_autofree char *word = g_strconcat("-", row->name, NULL);
		const Case c = { { word, "1" }, NULL };
		g_auto(MchOptions) options = { 0 };
		g_autoptr(GError) error = NULL;
		g_autofree char *line = g_strdup_printf("%s\t", row->name);
		gboolean ok = parse(&c, &options, &error);
		g_test_message("%s: %s", word, ok ? "taken" : error->message);
		g_assert_cmpint(ok, ==, row->fate != MCH_OPTION_REFUSE);
		g_assert_nonnull(strstr(help, word));
		g_assert_nonnull(strstr(dump, line));
		g_assert_true(row->help && row->help[0]);
		for (const MchOptionRow *other = row + 1; other->name; other++)
			g_assert_cmpstr(row->name, !=, other->name);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/options/callers", test_callers);
	g_test_add_func("/options/dialect", test_dialect);
	g_test_add_func("/options/errors", test_errors);
	g_test_add_func("/options/table", test_table);
	return g_test_run();
}
