/*
 * exit-code.h: sysexits(3), and the one table from an error to a code.
 *
 * The table is features.md's "Exit codes by cause": 75 whenever a retry may help, 64/65/66/67/69
 * when the caller must change something, 78 only where there is no queue at all. Never 1.
 */
#pragma once
#include <glib.h>
#include <sysexits.h>

typedef struct {
	int code;
	const char *name;    /* "EX_TEMPFAIL" */
	const char *meaning; /* one line, as it stands in sendmail(1), EXIT STATUS */
} MchExitCode;

/* All codes that our programs return, ended by a row with name NULL. */
extern const MchExitCode exit_codes[];

/* The sysexits code for @error (not NULL). */
int exit_code_for_error(const GError *error);

/* TRUE for a number that our programs return. */
gboolean exit_code_is_known(int code);
