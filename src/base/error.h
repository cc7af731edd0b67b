/*
 * error.h: the error domains, and the one question that all callers ask of an error.
 *
 * A GError travels up to the program's main loop or main(), which logs it once. Nobody looks at a
 * domain or a code to decide what to do next: the predicates below answer "try again later?" and
 * "whose fault?", and exit-code.h answers "which sysexits code?".
 */
#pragma once
#include <glib.h>

/* A configuration file: not readable, not parseable, or it says something impossible. */
#define MCH_CONFIG_ERROR (mch_config_error_quark())
GQuark mch_config_error_quark(void);
typedef enum {
	MCH_CONFIG_ERROR_MISSING,    /* there is no such file */
	MCH_CONFIG_ERROR_UNREADABLE, /* it is there and may not be read */
	MCH_CONFIG_ERROR_SYNTAX,     /* GKeyFile cannot parse it */
	MCH_CONFIG_ERROR_KEY,	     /* unknown group or key, equal keys */
	MCH_CONFIG_ERROR_VALUE,	     /* a value that its key does not take */
	MCH_CONFIG_ERROR_SECRET,     /* password file: missing, or readable by strangers */
} MchConfigError;

/* A submission that was not accepted. */
#define MCH_SUBMIT_ERROR (mch_submit_error_quark())
GQuark mch_submit_error_quark(void);
typedef enum {
	MCH_SUBMIT_ERROR_USAGE,	       /* caller: bad option, no recipient on the command line */
	MCH_SUBMIT_ERROR_NO_RECIPIENT, /* caller: -t found none */
	MCH_SUBMIT_ERROR_ADDRESS,      /* caller: an address that cannot be one */
	MCH_SUBMIT_ERROR_MESSAGE, /* caller: header too large, too many recipients, over the size limit */
	MCH_SUBMIT_ERROR_INPUT,	     /* standard input is missing or could not be read */
	MCH_SUBMIT_ERROR_NO_SERVICE, /* no socket answers and none could be started: 75 */
	MCH_SUBMIT_ERROR_LATER,	     /* the queue said T (disk full, limits, restart): 75 */
	MCH_SUBMIT_ERROR_REFUSED,    /* the queue said P without a more exact reason */
	MCH_SUBMIT_ERROR_PROTOCOL,   /* the other side does not speak mailchute-submit(5) */
} MchSubmitError;

/* The relay, or the road to it, cannot be used. Always temporary: relay trouble delays mail. */
#define MCH_RELAY_ERROR (mch_relay_error_quark())
GQuark mch_relay_error_quark(void);
typedef enum {
	MCH_RELAY_ERROR_CONFIG, /* no relay configured, secret unusable */
	MCH_RELAY_ERROR_DNS,
	MCH_RELAY_ERROR_CONNECT, /* refused, unreachable, timed out */
	MCH_RELAY_ERROR_TLS,   /* handshake, certificate, name, STARTTLS not offered or injected */
	MCH_RELAY_ERROR_LOGIN, /* 535 and its kin, or no mechanism in common */
	MCH_RELAY_ERROR_REPLY, /* greeting, EHLO: a 4xx/5xx, garbage, silence */
	MCH_RELAY_ERROR_LOST,  /* the connection ended when it should not */
} MchRelayError;

/* A system call failed; the code is the errno. */
#define MCH_SYSTEM_ERROR (mch_system_error_quark())
GQuark mch_system_error_quark(void);

/* A file or a record that does not follow its format (queue file, session log, protocol). */
#define MCH_FORMAT_ERROR (mch_format_error_quark())
GQuark mch_format_error_quark(void);
typedef enum {
	MCH_FORMAT_ERROR_DAMAGED, /* truncated, wrong checksum, not in the grammar */
	MCH_FORMAT_ERROR_VERSION, /* a version that we do not know: leave it alone */
	MCH_FORMAT_ERROR_LIMIT,	  /* longer or more than the format allows */
} MchFormatError;

/* Sets @error from the errno value @saved_errno: "WHAT: strerror". Returns FALSE, for `return`. */
gboolean error_set_system(GError **error, int saved_errno, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

/* TRUE when the same call may succeed later with nothing changed by the caller. */
gboolean error_is_temporary(const GError *error);

/* TRUE when the caller of sendmail must change something: usage, address, message. */
gboolean error_is_callers_fault(const GError *error);
