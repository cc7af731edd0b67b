/*
 * recover.h: from what is on disk to what is in memory, at start.
 */
#pragma once
#include "queue/manager.h"

/* Reads queue/ and sessions/ into @manager's schedule and brings both into agreement. */
gboolean recover_spool(MchManager *manager, GError **error);

/*
 * Comes back to session logs that could not be taken yet (their deliver lives, or the disk was full
 * when their fates were to be journalled) until none is left. Their messages are orphaned until then.
 */
void recover_watch_logs(MchManager *manager);
