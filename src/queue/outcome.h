/*
 * outcome.h: what an attempt said about a message, written down and acted upon.
 */
#pragma once
#include "queue/manager.h"
#include "spool/session-log.h"
#include "spool/spool-journal.h"

/*
 * Applies @events (MchSessionEvent*, all of message @id; may be empty) to the message, which is not
 * active any more afterwards: removed when every recipient has it, else journalled and due again,
 * reported by a bounce, or kept as failed. FALSE when that could not be written: the session log
 * with the events must stay then. @relay names the relay in the log, or NULL.
 */
gboolean outcome_apply(MchManager *manager, const char *id, const GPtrArray *events,
		       const char *relay);

/*
 * Decides again about a message whose journal says everything (at start, after a bounce).
 * The entry may be gone afterwards.
 */
void outcome_decide(MchManager *manager, MchEntry *entry);

/* The file does not verify: to damaged/, with an alarm. */
void outcome_set_aside(MchManager *manager, const char *id, const char *why);

/* Nothing was said about it: it waits, with the reason for `mailq` (may be NULL), as long as a
 * message with one answer, or not at all when only the relay is to blame. */
void outcome_untried(MchManager *manager, MchEntry *entry, const char *why);
