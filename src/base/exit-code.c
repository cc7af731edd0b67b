/*
 * exit-code.c: the table of exit codes; see exit-code.h.
 *
 * Used by main() of every program and by the man page test. Knows no other room.
 */
#include "config.h"
#include "base/exit-code.h"
#include "base/error.h"

const MchExitCode exit_codes[] = {
	{ EX_OK, "EX_OK", "the message is on stable storage, or the relay has accepted it" },
	{ EX_USAGE, "EX_USAGE", "an unknown option or a missing argument; no recipient was named" },
	{ EX_DATAERR, "EX_DATAERR",
	  "an address is not one; -t found no recipient; message over a limit" },
	{ EX_NOINPUT, "EX_NOINPUT", "standard input is closed or cannot be read" },
	{ EX_NOUSER, "EX_NOUSER",
	  "the relay refused the recipient for good (only when waited for)" },
	{ EX_UNAVAILABLE, "EX_UNAVAILABLE",
	  "the relay refused the message for good (only when waited for)" },
	{ EX_SOFTWARE, "EX_SOFTWARE", "a defect in mailchute itself; nothing was accepted" },
	{ EX_OSERR, "EX_OSERR", "the system refused something basic, such as a new process" },
	{ EX_CANTCREAT, "EX_CANTCREAT", "the queue directory cannot be made or written" },
	{ EX_TEMPFAIL, "EX_TEMPFAIL", "not accepted now; the same call may succeed later" },
	{ EX_NOPERM, "EX_NOPERM", "the caller may not do that" },
	{ EX_CONFIG, "EX_CONFIG",
	  "the configuration cannot be used, and there is no queue to wait in" },
	{ 0, NULL, NULL },
};

typedef struct {
	int error;
	int exit_code;
} Row;

static const Row submit_rows[] = {
	{ MCH_SUBMIT_ERROR_USAGE, EX_USAGE },	    { MCH_SUBMIT_ERROR_NO_RECIPIENT, EX_DATAERR },
	{ MCH_SUBMIT_ERROR_ADDRESS, EX_DATAERR },   { MCH_SUBMIT_ERROR_MESSAGE, EX_DATAERR },
	{ MCH_SUBMIT_ERROR_INPUT, EX_NOINPUT },	    { MCH_SUBMIT_ERROR_NO_SERVICE, EX_TEMPFAIL },
	{ MCH_SUBMIT_ERROR_LATER, EX_TEMPFAIL },    { MCH_SUBMIT_ERROR_REFUSED, EX_UNAVAILABLE },
	{ MCH_SUBMIT_ERROR_PROTOCOL, EX_TEMPFAIL },
};

int exit_code_for_error(const GError *error)
{
	if (error->domain == MCH_SUBMIT_ERROR) {
		for (guint i = 0; i < G_N_ELEMENTS(submit_rows); i++)
			if (submit_rows[i].error == error->code)
				return submit_rows[i].exit_code;
		return EX_SOFTWARE;
	}
	if (error->domain == MCH_CONFIG_ERROR)
		return EX_CONFIG;
	if (error->domain == MCH_FORMAT_ERROR)
		return EX_DATAERR;
	/* MCH_RELAY_ERROR, MCH_SYSTEM_ERROR and what we do not know: a retry may help. */
	return EX_TEMPFAIL;
}

gboolean exit_code_is_known(int code)
{
	for (const MchExitCode *row = exit_codes; row->name; row++)
		if (row->code == code)
			return TRUE;
	return FALSE;
}
