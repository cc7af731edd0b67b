/*
 * options.h: sendmail's command line, from one table.
 *
 * The table is what is parsed by, what --help prints and what sendmail(1) is checked against.
 * Sendmail's dialect: letters with suffixes (-bp, -odi, -q30m), clusters (-ti, -toi), values
 * attached or as the next word (-fX, -f X), options after recipients, "--".
 */
#pragma once
#include <glib.h>

/* What the call is to do; the front's other names (mailq, runq, ...) start from one of these. */
typedef enum {
	MCH_MODE_SEND,
	MCH_MODE_LIST,	  /* -bp, mailq */
	MCH_MODE_COUNT,	  /* -bpc, -bP */
	MCH_MODE_FLUSH,	  /* -q, runq */
	MCH_MODE_CHECK,	  /* -bC */
	MCH_MODE_NOTHING, /* newaliases, -bi, -bh: done, successfully */
	MCH_MODE_VERSION,
	MCH_MODE_HELP,
} MchMode;

typedef enum {
	MCH_OPTION_ACCEPT, /* does what it says */
	MCH_OPTION_IGNORE, /* taken, with its value, and without effect */
	MCH_OPTION_WARN,   /* ignored, and the caller is told */
	MCH_OPTION_REFUSE, /* exit 64 */
} MchOptionFate;

typedef enum {
	MCH_ARGUMENT_NONE,     /* a letter alone; the rest of the word is more options */
	MCH_ARGUMENT_WHOLE,    /* none, and the word ends here (-bs) */
	MCH_ARGUMENT_ATTACHED, /* the rest of the word, may be empty (-q30m) */
	MCH_ARGUMENT_VALUE,    /* the rest of the word, or the next word when that is empty */
} MchOptionArgument;

typedef struct {
	MchMode mode;
	gboolean find_recipients; /* -t */
	gboolean ignore_dots;	  /* -i */
	gboolean verbose;	  /* -v */
	const char *sender;	  /* -f as written; "" = null sender; NULL = not given */
	const char *full_name;	  /* -F; NULL = not given */
	const char *queue_id;	  /* -qI; NULL = all */
	GPtrArray *words;	  /* const char*: what is no option, in order */
	GPtrArray *warnings;	  /* char*: one line each for stderr */
} MchOptions;

typedef struct MchOptionRow MchOptionRow;
struct MchOptionRow {
	const char *name; /* what stands after "-": a letter, or a letter and its suffix */
	MchOptionArgument argument;
	MchOptionFate fate;
	gboolean (*take)(MchOptions *options, const MchOptionRow *row, const char *value,
			 GError **error); /* NULL: nothing to do */
	MchMode mode;			  /* what take_mode sets */
	const char *value_name;		  /* for the help text; NULL where there is no value */
	const char *
		help; /* one line; for IGNORE what it is elsewhere, for REFUSE why and what to do */
};

/* The table, ended by a row with name NULL. */
extern const MchOptionRow option_rows[];

/*
 * Parses @argv from its second word on. The result points into @argv. MCH_SUBMIT_ERROR_USAGE names
 * the option; a control character in the value of -f is MCH_SUBMIT_ERROR_ADDRESS.
 */
gboolean options_parse(int argc, char *const *argv, MchMode mode, MchOptions *ret_options,
		       GError **error);
void options_clear(MchOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MchOptions, options_clear)

/* What `sendmail --help` prints; belongs to the caller. */
char *options_help(void);
/* The table for tests: "NAME <TAB> fate" lines, in the table's order; belongs to the caller. */
char *options_dump(void);
