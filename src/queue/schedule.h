/*
 * schedule.h: every queued message in memory, ordered by when it is due.
 *
 * One small entry a message: addresses and last errors stay on disk. Used by the manager alone.
 */
#pragma once
#include <glib.h>

typedef enum {
	MCH_ENTRY_WAITING,   /* due at `due` */
	MCH_ENTRY_ACTIVE,    /* fed to a session */
	MCH_ENTRY_REPORTING, /* a bounce is being written */
	MCH_ENTRY_FAILED,    /* nobody to tell: kept for the admin */
	MCH_ENTRY_ORPHANED,  /* perhaps in the hands of a deliver that outlived its manager */
} MchEntryState;

typedef struct {
	gint64 due;	 /* clock_boot_ms; of waiting entries */
	gint64 accepted; /* wall seconds */
	guint64 size;
	guint32 uid;
	guint32 n_recipients;
	guint16 attempts;     /* answers about this message */
	guint8 state;	      /* MchEntryState */
	guint8 has_journal;   /* the file has journal lines: a look into it is needed to finish */
	char *why;	      /* why it waits, when no reply of the relay says so; or NULL */
	GSequenceIter *place; /* among the waiting */
	char id[];
} MchEntry;

typedef struct MchSchedule MchSchedule;

MchSchedule *schedule_new(void);
void schedule_free(MchSchedule *schedule);

/* A new entry in state waiting, due at @due; it belongs to the schedule. */
MchEntry *schedule_add(MchSchedule *schedule, const char *id, gint64 due);
MchEntry *schedule_find(MchSchedule *schedule, const char *id);
void schedule_remove(MchSchedule *schedule, MchEntry *entry);

/* Moves @entry to @state; waiting ones are due at @due (ignored otherwise). */
void schedule_set_state(MchSchedule *schedule, MchEntry *entry, MchEntryState state, gint64 due);

/* The waiting entry that is due first, or NULL. */
MchEntry *schedule_first(MchSchedule *schedule);
/* All waiting entries for which @match says TRUE become due at @due. */
void schedule_make_due(MchSchedule *schedule, gint64 due,
		       gboolean (*match)(const MchEntry *entry, gpointer data), gpointer data);

guint schedule_count(const MchSchedule *schedule);
/* How many are not yet decided: waiting, active, reporting or orphaned. */
guint schedule_count_unfinished(const MchSchedule *schedule);
/* The ids of all entries, oldest first (char*). */
GPtrArray *schedule_list_ids(const MchSchedule *schedule);

/* When a message with @attempts answers is due again: doubling from @min to @max, in ms, jittered. */
gint64 schedule_backoff_ms(guint attempts, gint64 min_ms, gint64 max_ms);
