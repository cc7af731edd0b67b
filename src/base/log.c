/*
 * log.c: where log lines go; see log.h.
 *
 * Called by the main programs only. Nothing here can fail in a way that matters: a line that
 * cannot be written is dropped, mail never waits for a log.
 */
#include "config.h"
#include "base/log.h"
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2000

static struct {
	const char *program;
	MchLogTarget target;
	gboolean to_journal;
	int also_to;
} state = { .program = "mailchute", .also_to = -1 };

void log_init(const char *program, MchLogTarget target)
{
	state.program = program;
	state.to_journal = FALSE;
	if (target == MCH_LOG_TO_AUTO) {
		state.to_journal = g_log_writer_is_journald(STDERR_FILENO);
		target = isatty(STDERR_FILENO) ? MCH_LOG_TO_STDERR : MCH_LOG_TO_SYSLOG;
	}
	state.target = target;
	if (target == MCH_LOG_TO_SYSLOG && !state.to_journal)
		openlog(program, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

void log_also_to(int fd)
{
	state.also_to = fd;
}

static int priority_of(GLogLevelFlags level)
{
	switch (level & G_LOG_LEVEL_MASK) {
	case G_LOG_LEVEL_ERROR:
	case G_LOG_LEVEL_CRITICAL:
		return LOG_ERR;
	case G_LOG_LEVEL_WARNING:
		return LOG_WARNING;
	case G_LOG_LEVEL_MESSAGE:
		return LOG_NOTICE;
	case G_LOG_LEVEL_DEBUG:
		return LOG_DEBUG;
	default:
		return LOG_INFO;
	}
}

static gboolean send_to_journal(GLogLevelFlags level, const MchLogFields *fields, const char *text)
{
	GLogField list[8];
	gsize n = 0;
	char priority[2] = { (char)('0' + priority_of(level)), '\0' };

	list[n++] = (GLogField){ "MESSAGE", text, -1 };
	list[n++] = (GLogField){ "PRIORITY", priority, -1 };
	list[n++] = (GLogField){ "SYSLOG_IDENTIFIER", state.program, -1 };
	if (fields && fields->id)
		list[n++] = (GLogField){ "MAILCHUTE_ID", fields->id, -1 };
	if (fields && fields->relay)
		list[n++] = (GLogField){ "MAILCHUTE_RELAY", fields->relay, -1 };
	if (fields && fields->reply)
		list[n++] = (GLogField){ "MAILCHUTE_REPLY", fields->reply, -1 };
	return g_log_writer_journald(level, list, n, NULL) == G_LOG_WRITER_HANDLED;
}

static void write_line(int fd, const char *text, gboolean with_time)
{
	char line[LINE_MAX_BYTES + 128];
	char when[32] = "";
	int n;

	if (with_time) {
		time_t now = time(NULL);
		struct tm utc;
		gmtime_r(&now, &utc);
		strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ ", &utc);
	}
	n = g_snprintf(line, sizeof line, "%s%s[%d]: %s\n", when, state.program, (int)getpid(),
		       text);
	(void)!write(fd, line, MIN((gsize)n, sizeof line - 1)); /* one write: lines stay whole */
}

void log_line(GLogLevelFlags level, const MchLogFields *fields, const char *format, ...)
{
	char text[LINE_MAX_BYTES];
	va_list args;

	va_start(args, format);
	g_vsnprintf(text, sizeof text, format, args);
	va_end(args);
	for (char *c = text; *c; c++)
		if (g_ascii_iscntrl(*c))
			*c = '?'; /* the last guard; callers have escaped what strangers sent */
	if (state.also_to >= 0)
		write_line(state.also_to, text, TRUE);
	if (state.to_journal && send_to_journal(level, fields, text))
		return;
	if (state.target == MCH_LOG_TO_STDERR)
		write_line(STDERR_FILENO, text, FALSE);
	else
		syslog(priority_of(level), "%s", text);
}
