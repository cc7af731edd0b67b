/*
 * spool-journal.h: what became of each recipient, appended behind the message in the queue file.
 *
 *   @TIME expand N.M ADDRESS       recipient N (from 1) becomes, among others, ADDRESS
 *   @TIME fate N.M KIND TEXT       sent | temp | perm | doubt, with the relay's words
 *   @TIME reported N.M BOUNCE-ID   a bounce for it is committed
 *   @TIME failed TEXT              nobody can be told: kept for the admin
 * each ended by " ~" and 8 hex digits of CRC-32C over what stands before, then LF. A line that does
 * not verify was torn by a crash and counts as never written; the next append starts a new line.
 * Relay text is escaped to one line before it gets here; addresses are raw.
 */
#pragma once
#include "spool/spool-format.h"

typedef enum {
	MCH_FATE_UNTRIED, /* nothing was said about it: relay trouble, never counted */
	MCH_FATE_TEMP,
	MCH_FATE_SENT,
	MCH_FATE_PERM,
	MCH_FATE_DOUBT, /* dot sent, answer unknown */
} MchFateKind;

const char *fate_name(MchFateKind kind);
/* FALSE when @name is none. */
gboolean fate_from_name(const char *name, MchFateKind *ret_kind);
/* TRUE for sent, perm: nothing more is tried. */
gboolean fate_is_final(MchFateKind kind);

/* One final address of one recipient. */
typedef struct {
	guint rcpt; /* from 1: header->recipients[rcpt - 1] */
	guint sub;  /* from 1 */
	char *address;
	MchFateKind fate; /* the last one */
	char *text;	  /* the relay's words with it, or NULL */
	gint64 fate_time;
	gboolean reported;
} MchTarget;

typedef struct {
	GPtrArray *targets; /* MchTarget*; of recipients without an expand line: none */
	guint attempts;	    /* delivery attempts that ended in an answer about this message */
	guint n_reports;    /* bounces committed so far */
	char *failed;	    /* text of a failed line, or NULL */
} MchJournal;

void spool_journal_free(MchJournal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MchJournal, spool_journal_free)

/* Reads the journal of @fd. A torn last line is no error. */
MchJournal *spool_journal_read(int fd, const MchSpoolHeader *header, GError **error);

/* The target N.M, or NULL. */
MchTarget *spool_journal_find(const MchJournal *journal, guint rcpt, guint sub);

/* Append one line to @lines. */
void spool_journal_print_expand(GString *lines, gint64 now, guint rcpt, guint sub,
				const char *address);
void spool_journal_print_fate(GString *lines, gint64 now, guint rcpt, guint sub, MchFateKind kind,
			      const char *text);
void spool_journal_print_reported(GString *lines, gint64 now, guint rcpt, guint sub,
				  const char *bounce_id);
void spool_journal_print_failed(GString *lines, gint64 now, const char *text);

/*
 * Appends @lines to @fd (opened for reading and writing) and makes them durable. Starts on a new
 * line where a torn write stands before it.
 */
gboolean spool_journal_append(int fd, const GString *lines, GError **error);
