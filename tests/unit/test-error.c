/* test-error.c: who may retry, whose fault it is, and the exit code that says so. */
#include "config.h"
#include "base/error.h"
#include "base/exit-code.h"
#include <errno.h>
#include <string.h>

typedef struct {
	GQuark domain;
	int code;
	gboolean temporary, callers_fault;
	int exit_code;
} Case;

static void test_decisions(void)
{
	const Case cases[] = {
		{ MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_USAGE, FALSE, TRUE, EX_USAGE },
		{ MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_NO_RECIPIENT, FALSE, TRUE, EX_DATAERR },
		{ MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_ADDRESS, FALSE, TRUE, EX_DATAERR },
		{ MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_INPUT, FALSE, TRUE, EX_NOINPUT },
		{ MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_NO_SERVICE, TRUE, FALSE, EX_TEMPFAIL },
		{ MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_LATER, TRUE, FALSE, EX_TEMPFAIL },
		{ MCH_RELAY_ERROR, MCH_RELAY_ERROR_LOGIN, TRUE, FALSE, EX_TEMPFAIL },
		{ MCH_SYSTEM_ERROR, ENOSPC, TRUE, FALSE, EX_TEMPFAIL },
		{ MCH_CONFIG_ERROR, MCH_CONFIG_ERROR_SYNTAX, TRUE, FALSE, EX_CONFIG },
		{ MCH_FORMAT_ERROR, MCH_FORMAT_ERROR_DAMAGED, FALSE, FALSE, EX_DATAERR },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = g_error_new_literal(cases[i].domain, cases[i].code, "x");
		g_assert_cmpint(error_is_temporary(error), ==, cases[i].temporary);
		g_assert_cmpint(error_is_callers_fault(error), ==, cases[i].callers_fault);
		g_assert_cmpint(exit_code_for_error(error), ==, cases[i].exit_code);
	}
}

static void test_every_code_is_in_the_table(void)
{
	for (const MchExitCode *row = exit_codes; row->name; row++) {
		g_assert_true(exit_code_is_known(row->code));
		g_assert_true(g_str_has_prefix(row->name, "EX_"));
		g_assert_cmpuint(strlen(row->meaning), >, 10);
	}
	g_assert_false(exit_code_is_known(1)); /* no program of ours ever says just "failed" */
}

static void test_system(void)
{
	g_autoptr(GError) error = NULL;

	g_assert_false(error_set_system(&error, ENOSPC, "write %s", "tmp/x"));
	g_assert_error(error, MCH_SYSTEM_ERROR, ENOSPC);
	g_assert_cmpstr(error->message, ==, "write tmp/x: No space left on device");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/error/decisions", test_decisions);
	g_test_add_func("/error/exit-codes", test_every_code_is_in_the_table);
	g_test_add_func("/error/system", test_system);
	return g_test_run();
}
