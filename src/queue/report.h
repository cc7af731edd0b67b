/*
 * report.h: tells the sender what was refused for good, once.
 */
#pragma once
#include "queue/manager.h"
#include "spool/spool-journal.h"

/*
 * Starts mailchute-bounce for the refused, unreported targets of @entry, which is in state reporting
 * until the bounce is committed. The original stays until then.
 */
gboolean report_start(MchManager *manager, MchEntry *entry, const MchSpoolHeader *header,
		      const MchJournal *journal, GError **error);
