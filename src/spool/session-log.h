/*
 * session-log.h: what one deliver process did, in sessions/N, written by it alone.
 *
 *   plan ID N.M ADDRESS     every target of message ID, before anything is sent of it
 *   dot ID N.M[,N.M...]     on disk before the final dot of message ID goes out, for these targets
 *   fate ID N.M KIND TEXT   after the relay's reply; reaches the disk with the next dot at latest
 * Lines carry the journal's " ~CRC" ending. mailchuted copies the fates into the journals and only
 * then unlinks the log. `dot` without `fate` means: the process died in between, the fate is doubt.
 */
#pragma once
#include "spool/spool-journal.h"

/* Writes the plan: all targets (MchTarget*, with their addresses) of @id; does not wait for the disk. */
gboolean session_log_plan(int fd, const char *id, const GPtrArray *targets, GError **error);
/* Writes a dot line for @targets (MchTarget*) of @id and waits for the disk. */
gboolean session_log_dot(int fd, const char *id, const GPtrArray *targets, GError **error);
/* Writes a fate line; does not wait for the disk. */
gboolean session_log_fate(int fd, const char *id, guint rcpt, guint sub, MchFateKind kind,
			  const char *text, GError **error);

typedef struct {
	char *id;
	guint rcpt, sub;
	char *address;	  /* as planned */
	MchFateKind fate; /* UNTRIED when only planned, DOUBT for a dot without a fate */
	char *text;	  /* may be NULL */
} MchSessionEvent;

/* The last word about each (id, target) in the log @fd: MchSessionEvent*, in order of the plans.
 * A torn last line is no error. */
GPtrArray *session_log_read(int fd, GError **error);
