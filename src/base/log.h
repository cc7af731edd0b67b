/*
 * log.h: one line for each thing that an admin would want to know.
 *
 * Under systemd the line goes to the journal with the fields MAILCHUTE_ID, MAILCHUTE_RELAY,
 * MAILCHUTE_REPLY; otherwise to syslog (facility mail); in the foreground to stderr. Only main
 * programs log; rooms below return errors. Callers pass a stranger's text through text_safe_line.
 */
#pragma once
#include <glib.h>

typedef enum {
	MCH_LOG_TO_AUTO, /* journal when stderr is one, stderr when it is a terminal, else syslog */
	MCH_LOG_TO_STDERR, /* foreground, tests */
	MCH_LOG_TO_SYSLOG,
} MchLogTarget;

typedef struct {
	const char *id;	   /* queue id, or NULL */
	const char *relay; /* host:port, or NULL */
	const char *reply; /* the relay's words, or NULL */
} MchLogFields;

/* Sets the name and the target; call once, before the first line. @program is kept by reference. */
void log_init(const char *program, MchLogTarget target);

/*
 * Sends further lines to @fd as well (a per-user manager's log file in its spool). The descriptor
 * stays the caller's and must stay open.
 */
void log_also_to(int fd);

/* Writes one line; @fields may be NULL. The line is cut at 2,000 bytes and has no control bytes. */
void log_line(GLogLevelFlags level, const MchLogFields *fields, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

#define log_info(fields, ...)	 log_line(G_LOG_LEVEL_INFO, fields, __VA_ARGS__)
#define log_notice(fields, ...)	 log_line(G_LOG_LEVEL_MESSAGE, fields, __VA_ARGS__)
#define log_warning(fields, ...) log_line(G_LOG_LEVEL_WARNING, fields, __VA_ARGS__)
#define log_debug(fields, ...)	 log_line(G_LOG_LEVEL_DEBUG, fields, __VA_ARGS__)
