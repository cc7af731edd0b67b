/*
 * options.c: the table of sendmail's options and the loop that walks it; see options.h.
 *
 * Called once by main(). Does nothing but fill MchOptions: opens no file, reads no environment,
 * believes no value. An option that is not in the table is refused by name, because a typo that
 * is skipped loses mail silently.
 */
#include "config.h"
#include "front/options.h"
#include "base/error.h"
#include "base/text-safe.h"
#include <string.h>

static gboolean fail_usage(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean fail_usage(GError **error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error_literal(error, MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_USAGE, text);
	return FALSE;
}

static gboolean take_find_recipients(MchOptions *options, const MchOptionRow *row,
				     const char *value, GError **error)
{
	(void)row, (void)value, (void)error;
	options->find_recipients = TRUE;
	return TRUE;
}

static gboolean take_ignore_dots(MchOptions *options, const MchOptionRow *row, const char *value,
				 GError **error)
{
	(void)row, (void)value, (void)error;
	options->ignore_dots = TRUE;
	return TRUE;
}

static gboolean take_verbose(MchOptions *options, const MchOptionRow *row, const char *value,
			     GError **error)
{
	(void)row, (void)value, (void)error;
	options->verbose = TRUE;
	return TRUE;
}

static gboolean take_sender(MchOptions *options, const MchOptionRow *row, const char *value,
			    GError **error)
{
	(void)row;
	if (text_has_control(value, -1)) {
		g_autofree char *safe = text_safe_line(value, -1, 100);
		g_set_error(error, MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_ADDRESS,
			    "-f \"%s\": a control character in an address", safe);
		return FALSE;
	}
	options->sender = strcmp(value, "<>") == 0 ? "" : value;
	return TRUE;
}

static gboolean take_full_name(MchOptions *options, const MchOptionRow *row, const char *value,
			       GError **error)
{
	(void)row;
	if (text_has_control(value, -1)) {
		g_autofree char *safe = text_safe_line(value, -1, 100);
		return fail_usage(error, "-F \"%s\": a control character in a name", safe);
	}
	options->full_name = value;
	return TRUE;
}

static gboolean take_mode(MchOptions *options, const MchOptionRow *row, const char *value,
			  GError **error)
{
	(void)value, (void)error;
	options->mode = row->mode;
	return TRUE;
}

static gboolean take_daemon(MchOptions *options, const MchOptionRow *row, const char *value,
			    GError **error)
{
	(void)row, (void)value, (void)error;
	options->mode = MCH_MODE_NOTHING;
	g_ptr_array_add(options->warnings,
			g_strdup("nothing to do: the queue is run by mailchuted(8)"));
	return TRUE;
}

/* -q alone flushes; with an interval it asks for a daemon that is there already. */
static gboolean take_flush(MchOptions *options, const MchOptionRow *row, const char *value,
			   GError **error)
{
	(void)row;
	options->mode = MCH_MODE_FLUSH;
	if (value[0] == '\0' || strcmp(value, "f") == 0 || strcmp(value, "ff") == 0 ||
	    strcmp(value, "fl") == 0)
		return TRUE;
	if (!g_ascii_isdigit(value[value[0] == 'p' ? 1 : 0])) {
		g_autofree char *safe = text_safe_line(value, -1, 100);
		return fail_usage(error, "-q%s: not supported", safe);
	}
	options->mode = MCH_MODE_NOTHING;
	g_ptr_array_add(options->warnings,
			g_strdup("nothing to do: mailchuted(8) retries by itself"));
	return TRUE;
}

static gboolean take_flush_one(MchOptions *options, const MchOptionRow *row, const char *value,
			       GError **error)
{
	(void)row, (void)error;
	options->mode = MCH_MODE_FLUSH;
	options->queue_id = value;
	return TRUE;
}

static gboolean take_debug(MchOptions *options, const MchOptionRow *row, const char *value,
			   GError **error)
{
	(void)row, (void)error;
	if (strcmp(value, "0.1") == 0)
		options->mode = MCH_MODE_VERSION;
	else
		options->verbose = TRUE;
	return TRUE;
}

#define NONE	 MCH_ARGUMENT_NONE
#define WHOLE	 MCH_ARGUMENT_WHOLE
#define ATTACHED MCH_ARGUMENT_ATTACHED
#define VALUE	 MCH_ARGUMENT_VALUE
#define ACCEPT	 MCH_OPTION_ACCEPT
#define IGNORE	 MCH_OPTION_IGNORE
#define WARN	 MCH_OPTION_WARN
#define REFUSE	 MCH_OPTION_REFUSE

/* The longest name that fits wins: -bpc before -bp, -oi before the -o that takes anything. */
/* clang-format off */
const MchOptionRow option_rows[] = {
	/* what is sent, and to whom */
	{ "t", NONE, ACCEPT, take_find_recipients, 0, NULL, "recipients from To, Cc and Bcc as well" },
	{ "i", NONE, ACCEPT, take_ignore_dots, 0, NULL, "a line with a lone \".\" never ends the message" },
	{ "oi", ATTACHED, ACCEPT, take_ignore_dots, 0, NULL, "the same as -i" },
	{ "f", VALUE, ACCEPT, take_sender, 0, "address", "the envelope sender; '' or '<>' is the null sender" },
	{ "r", VALUE, ACCEPT, take_sender, 0, "address", "the same as -f" },
	{ "F", VALUE, ACCEPT, take_full_name, 0, "name", "the sender's full name, for a missing From" },
	{ "v", NONE, ACCEPT, take_verbose, 0, NULL, "say on stderr what becomes of the message" },
	{ "bm", WHOLE, ACCEPT, take_mode, MCH_MODE_SEND, NULL, "send a message; this is the default" },
	/* the queue */
	{ "bp", ATTACHED, ACCEPT, take_mode, MCH_MODE_LIST, NULL, "list the queue, as mailq does" },
	{ "bpc", WHOLE, ACCEPT, take_mode, MCH_MODE_COUNT, NULL, "print the number of messages in the queue" },
	{ "bP", WHOLE, ACCEPT, take_mode, MCH_MODE_COUNT, NULL, "the same as -bpc" },
	{ "q", ATTACHED, ACCEPT, take_flush, 0, "interval", "try all queued messages now; with an interval: nothing" },
	{ "qI", VALUE, ACCEPT, take_flush_one, 0, "id", "try this message now" },
	{ "qG", VALUE, IGNORE, take_mode, MCH_MODE_NOTHING, "group", "queue group" },
	/* other things that sendmail is called for */
	{ "bC", WHOLE, ACCEPT, take_mode, MCH_MODE_CHECK, NULL, "check the configuration, as mailchute check does" },
	{ "bi", WHOLE, ACCEPT, take_mode, MCH_MODE_NOTHING, NULL, "rebuild the aliases: nothing to do" },
	{ "I", NONE, ACCEPT, take_mode, MCH_MODE_NOTHING, NULL, "the same as -bi" },
	{ "bd", WHOLE, ACCEPT, take_daemon, 0, NULL, "daemon: nothing to do, see mailchuted(8)" },
	{ "bl", WHOLE, ACCEPT, take_daemon, 0, NULL, "daemon on loopback: nothing to do" },
	{ "bh", ATTACHED, IGNORE, take_mode, MCH_MODE_NOTHING, NULL, "host status: prints nothing" },
	{ "bH", WHOLE, IGNORE, take_mode, MCH_MODE_NOTHING, NULL, "purge the host status: nothing to do" },
	{ "bV", WHOLE, ACCEPT, take_mode, MCH_MODE_VERSION, NULL, "print the version" },
	{ "d", ATTACHED, ACCEPT, take_debug, 0, "level", "-d0.1 prints the version, else the same as -v" },
	/* taken, because callers pass them */
	{ "A", VALUE, IGNORE, NULL, 0, "c|m", "which of Sendmail's configurations" },
	{ "B", VALUE, IGNORE, NULL, 0, "type", "7BIT or 8BITMIME: the text itself tells" },
	{ "D", VALUE, IGNORE, NULL, 0, "file", "debug log; no file is ever written for an option" },
	{ "E", NONE, IGNORE, NULL, 0, NULL, "vendor option" },
	{ "G", NONE, IGNORE, NULL, 0, NULL, "gateway submission" },
	{ "J", NONE, IGNORE, NULL, 0, NULL, "vendor option" },
	{ "L", VALUE, IGNORE, NULL, 0, "tag", "tag for the system log" },
	{ "N", VALUE, IGNORE, NULL, 0, "when", "delivery status notifications: when" },
	{ "O", VALUE, IGNORE, NULL, 0, "option=value", "Sendmail's long options" },
	{ "R", VALUE, IGNORE, NULL, 0, "what", "delivery status notifications: hdrs or full" },
	{ "T", NONE, IGNORE, NULL, 0, NULL, "vendor option" },
	{ "U", NONE, IGNORE, NULL, 0, NULL, "first submission" },
	{ "V", VALUE, IGNORE, NULL, 0, "envid", "delivery status notifications: envelope id" },
	{ "XV", ATTACHED, IGNORE, NULL, 0, "xy", "VERP" },
	{ "c", NONE, IGNORE, NULL, 0, NULL, "vendor option" },
	{ "ee", WHOLE, IGNORE, NULL, 0, NULL, "error mode: errors go to stderr and the exit code" },
	{ "em", WHOLE, IGNORE, NULL, 0, NULL, "error mode" },
	{ "ep", WHOLE, IGNORE, NULL, 0, NULL, "error mode" },
	{ "eq", WHOLE, IGNORE, NULL, 0, NULL, "error mode" },
	{ "ew", WHOLE, IGNORE, NULL, 0, NULL, "error mode" },
	{ "h", VALUE, IGNORE, NULL, 0, "hops", "hop count" },
	{ "m", NONE, IGNORE, NULL, 0, NULL, "me too" },
	{ "n", NONE, IGNORE, NULL, 0, NULL, "no aliases" },
	{ "o", VALUE, IGNORE, NULL, 0, "x...", "all other -o options: -od, -oe, -om, -oA, -oQ, -o7, ..." },
	{ "p", VALUE, IGNORE, NULL, 0, "protocol", "received with protocol" },
	{ "s", NONE, IGNORE, NULL, 0, NULL, "vendor option" },
	{ "x", NONE, IGNORE, NULL, 0, NULL, "vendor option" },
	/* ignored, and said so: harmful when they come from a web form */
	{ "C", VALUE, WARN, NULL, 0, "file", "another configuration: only MAILCHUTE_CONFIG chooses one" },
	{ "X", VALUE, WARN, NULL, 0, "file", "traffic log: no file is ever written for an option" },
	/* refused */
	{ "bs", WHOLE, REFUSE, NULL, 0, NULL, "SMTP on standard input is not implemented yet" },
	{ "bS", WHOLE, REFUSE, NULL, 0, NULL, "batched SMTP is not implemented" },
	{ "bv", WHOLE, REFUSE, NULL, 0, NULL, "verifying addresses is not implemented yet" },
	{ "bt", WHOLE, REFUSE, NULL, 0, NULL, "address test mode is not implemented" },
	{ "bD", WHOLE, REFUSE, NULL, 0, NULL, "run mailchuted --foreground" },
	{ "b", VALUE, REFUSE, NULL, 0, "x", "no such mode" },
	{ "M", ATTACHED, REFUSE, NULL, 0, "...", "Exim's queue commands are not implemented" },
	{ "Q", ATTACHED, REFUSE, NULL, 0, "reason", "quarantine is not implemented" },
	{ "qQ", ATTACHED, REFUSE, NULL, 0, "...", "quarantine is not implemented" },
	{ "qR", ATTACHED, REFUSE, NULL, 0, "text", "selecting by recipient is not implemented yet" },
	{ "qS", ATTACHED, REFUSE, NULL, 0, "text", "selecting by sender is not implemented yet" },
	{ "q!", ATTACHED, REFUSE, NULL, 0, "...", "selecting is not implemented yet" },
	{ NULL, NONE, REFUSE, NULL, 0, NULL, NULL },
};
/* clang-format on */

/* The row with the longest name that @text begins with; NULL when no option does. */
static const MchOptionRow *find_row(const char *text)
{
	const MchOptionRow *best = NULL;
	gsize best_length = 0;

	for (const MchOptionRow *row = option_rows; row->name; row++) {
		gsize n = strlen(row->name);
		if (n <= best_length || strncmp(text, row->name, n) != 0)
			continue;
		if (row->argument == MCH_ARGUMENT_WHOLE && text[n] != '\0')
			continue;
		best = row;
		best_length = n;
	}
	return best;
}

typedef struct {
	int argc;
	char *const *argv;
	int next; /* the word after the one at hand */
	MchOptions *options;
} Parser;

static gboolean take_option(Parser *p, const MchOptionRow *row, const char *value, GError **error)
{
	if (row->fate == MCH_OPTION_REFUSE || row->fate == MCH_OPTION_WARN) {
		g_autofree char *safe = text_safe_line(value, -1, 100);
		if (row->fate == MCH_OPTION_REFUSE)
			return fail_usage(error, "-%s%s: %s", row->name, safe, row->help);
		g_ptr_array_add(p->options->warnings, g_strdup_printf("-%s %s is ignored: %s",
								      row->name, safe, row->help));
	}
	return !row->take || row->take(p->options, row, value, error);
}

/* "-o i" is "-oi", "-b p" is "-bp": the suffix may be a word of its own. */
static gboolean take_letters(Parser *p, const char *letters, GError **error);

static gboolean is_joined(const MchOptionRow *row)
{
	return strcmp(row->name, "o") == 0 || strcmp(row->name, "b") == 0;
}

static gboolean take_separate(Parser *p, const MchOptionRow *row, GError **error)
{
	if (p->next >= p->argc)
		return fail_usage(error, "-%s needs an argument", row->name);
	const char *value = p->argv[p->next++];
	if (!is_joined(row) || value[0] == '\0')
		return take_option(p, row, value, error);
	g_autofree char *joined = g_strconcat(row->name, value, NULL);
	return take_letters(p, joined, error);
}

/* One word of options, without its "-". */
static gboolean take_letters(Parser *p, const char *letters, GError **error)
{
	while (*letters) {
		const MchOptionRow *row = find_row(letters);
		if (!row) {
			g_autofree char *safe = text_safe_line(letters, 1, 10);
			return fail_usage(error, "unknown option -%s; see sendmail --help", safe);
		}
		letters += strlen(row->name);
		if (row->argument == MCH_ARGUMENT_VALUE && *letters == '\0')
			return take_separate(p, row, error);
		if (row->argument != MCH_ARGUMENT_NONE)
			return take_option(p, row, letters, error);
		if (!take_option(p, row, "", error))
			return FALSE;
	}
	return TRUE;
}

static const struct {
	const char *name;
	MchMode mode;
} long_options[] = {
	{ "--help", MCH_MODE_HELP },
	{ "--version", MCH_MODE_VERSION },
};

static gboolean take_long(Parser *p, const char *word, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(long_options); i++) {
		if (strcmp(word, long_options[i].name) == 0) {
			p->options->mode = long_options[i].mode;
			return TRUE;
		}
	}
	g_autofree char *safe = text_safe_line(word, -1, 100);
	return fail_usage(error, "unknown option %s; see sendmail --help", safe);
}

gboolean options_parse(int argc, char *const *argv, MchMode mode, MchOptions *ret_options,
		       GError **error)
{
	g_auto(MchOptions) options = { .mode = mode,
				       .words = g_ptr_array_new(),
				       .warnings = g_ptr_array_new_with_free_func(g_free) };
	Parser p = { .argc = argc, .argv = argv, .next = 1, .options = &options };
	gboolean only_words = FALSE;

	while (p.next < argc) {
		const char *word = argv[p.next++];
		if (only_words || word[0] != '-' || word[1] == '\0')
			g_ptr_array_add(options.words, (gpointer)word);
		else if (strcmp(word, "--") == 0)
			only_words = TRUE;
		else if (!(word[1] == '-' ? take_long(&p, word, error)
					  : take_letters(&p, word + 1, error)))
			return FALSE;
	}
	*ret_options = options;
	memset(&options, 0, sizeof options);
	return TRUE;
}

void options_clear(MchOptions *options)
{
	g_clear_pointer(&options->words, g_ptr_array_unref);
	g_clear_pointer(&options->warnings, g_ptr_array_unref);
}

static const struct {
	MchOptionFate fate;
	const char *title;
	const char *word;
} fates[] = {
	{ MCH_OPTION_ACCEPT, "Options:", "accept" },
	{ MCH_OPTION_IGNORE, "Accepted, without effect:", "ignore" },
	{ MCH_OPTION_WARN, "Ignored with a warning:", "warn" },
	{ MCH_OPTION_REFUSE, "Refused (exit 64):", "refuse" },
};

static void append_row(GString *text, const MchOptionRow *row)
{
	const char *space = row->value_name && row->argument == MCH_ARGUMENT_VALUE ? " " : "";
	g_autofree char *left = g_strdup_printf("-%s%s%s", row->name, space,
						row->value_name ? row->value_name : "");

	g_string_append_printf(text, "  %-16s %s\n", left, row->help);
}

char *options_help(void)
{
	GString *text = g_string_new("usage: sendmail [option ...] [--] [recipient ...]\n"
				     "Reads a message from standard input and queues it.\n");

	for (guint i = 0; i < G_N_ELEMENTS(fates); i++) {
		g_string_append_printf(text, "\n%s\n", fates[i].title);
		for (const MchOptionRow *row = option_rows; row->name; row++)
			if (row->fate == fates[i].fate)
				append_row(text, row);
	}
	return g_string_free(text, FALSE);
}

char *options_dump(void)
{
	GString *text = g_string_new(NULL);

	for (const MchOptionRow *row = option_rows; row->name; row++)
		for (guint i = 0; i < G_N_ELEMENTS(fates); i++)
			if (row->fate == fates[i].fate)
				g_string_append_printf(text, "%s\t%s\n", row->name, fates[i].word);
	return g_string_free(text, FALSE);
}
