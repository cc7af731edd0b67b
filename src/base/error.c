/*
 * error.c: quarks and predicates; see error.h.
 *
 * Used by every room. Never logs. The predicates are the only place that maps a domain and code to
 * a decision, beside the table of exit codes.
 */
#include "config.h"
#include "base/error.h"
#include <errno.h>

G_DEFINE_QUARK(mch_config_error_quark, mch_config_error)
G_DEFINE_QUARK(mch_submit_error_quark, mch_submit_error)
G_DEFINE_QUARK(mch_relay_error_quark, mch_relay_error)
G_DEFINE_QUARK(mch_system_error_quark, mch_system_error)
G_DEFINE_QUARK(mch_format_error_quark, mch_format_error)

gboolean error_set_system(GError **error, int saved_errno, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *what = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(error, MCH_SYSTEM_ERROR, saved_errno, "%s: %s", what, g_strerror(saved_errno));
	return FALSE;
}

gboolean error_is_callers_fault(const GError *error)
{
	if (error->domain != MCH_SUBMIT_ERROR)
		return FALSE;
	switch ((MchSubmitError)error->code) {
	case MCH_SUBMIT_ERROR_USAGE:
	case MCH_SUBMIT_ERROR_NO_RECIPIENT:
	case MCH_SUBMIT_ERROR_ADDRESS:
	case MCH_SUBMIT_ERROR_MESSAGE:
	case MCH_SUBMIT_ERROR_INPUT:
	case MCH_SUBMIT_ERROR_REFUSED:
		return TRUE;
	case MCH_SUBMIT_ERROR_NO_SERVICE:
	case MCH_SUBMIT_ERROR_LATER:
	case MCH_SUBMIT_ERROR_PROTOCOL:
		return FALSE;
	}
	return FALSE;
}

gboolean error_is_temporary(const GError *error)
{
	if (error->domain == MCH_FORMAT_ERROR)
		return FALSE;
	return !error_is_callers_fault(error);
}
