/*
 * spool-scan.h: what is in the spool at start, and what was left behind.
 */
#pragma once
#include "spool/spool-commit.h"

/* The names in queue/ that are ids, sorted (char*). Others are ignored. */
GPtrArray *spool_scan_queue(MchSpool *spool, GError **error);

/* The numbers of the logs in sessions/ (guint in GUINT_TO_POINTER), ascending. */
GPtrArray *spool_scan_sessions(MchSpool *spool, GError **error);
/* A descriptor for sessions/@number, for reading. */
int spool_open_session_log(MchSpool *spool, guint number, GError **error);

/*
 * Unlinks files in tmp/ that were not written for @max_age seconds: their writers are gone, and
 * their callers were never told "accepted". Returns how many went.
 */
guint spool_sweep_tmp(MchSpool *spool, gint64 max_age);
