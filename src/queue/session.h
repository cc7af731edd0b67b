/*
 * session.h: one running mailchute-deliver, fed message by message.
 */
#pragma once
#include "queue/manager.h"

typedef struct MchSession MchSession;

/* Starts one; it is in manager->sessions until its socket closes. */
gboolean session_start(MchManager *manager, GError **error);

/* A session that is logged in and has nothing to do, or NULL. */
MchSession *session_find_idle(MchManager *manager);
/* TRUE while one is still on its way to the relay. */
gboolean session_any_starting(MchManager *manager);

/* TRUE when sessions/@number is the log of one that runs. */
gboolean session_owns_log(MchManager *manager, guint number);

/* Gives @entry to an idle session; it is active from then on (or set aside). */
void session_feed(MchSession *session, MchEntry *entry);

/* Feed no more; each finishes what it holds, says bye and ends. */
void session_stop_all(MchManager *manager);
/* Lets go of them all without a word, for a manager that ends: they finish by themselves. */
void session_abandon_all(MchManager *manager);
