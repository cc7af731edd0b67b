/*
 * manager.h: the state of one mailchuted, and the loop that brings due mail to the relay.
 *
 * One of these a process. The other files of this room take a pointer to it; what each may change
 * is said at its field. Nothing here blocks but the durable writes themselves.
 */
#pragma once
#include "config/config-load.h"
#include "queue/relay-state.h"
#include "queue/schedule.h"
#include "spool/spool-commit.h"
#include <glib.h>

typedef struct MchDoor MchDoor;
typedef struct MchControlServer MchControlServer;
typedef struct MchTemplate MchTemplate;

typedef struct {
	/* From the command line, constant. */
	char *config_path;
	char *spool_path;
	char *socket_dir;
	gboolean once;	 /* end when nothing is left to do */
	gboolean linger; /* with `once`: stay while mail waits for a relay that is away */
	char *host;	 /* for Received fields and bounces */

	MchSpool *spool;
	MchConfig *config;    /* never NULL: the defaults stand in for a file that is broken */
	char *config_trouble; /* what is wrong with the file, or NULL */
	char *config_stamp;   /* how the files looked when they were read last */

	MchSchedule *schedule; /* door, outcome, recover add; outcome removes */
	MchRelayState relay;   /* sessions report, the manager asks */
	MchTemplate *template; /* the door's */
	MchDoor *door;
	MchControlServer *control;
	GPtrArray *sessions; /* MchSession*; owned by session.c */
	guint n_reports;     /* bounces being written */
	guint n_orphans;     /* session logs whose deliver outlived its manager */

	GMainLoop *loop;
	gboolean stopping;
	guint dispatch_source; /* idle; 0 = none */
	guint timer_source;
	guint watch_source; /* looks at config files while mail waits */
} MchManager;

/* Takes the strings of @options' fields over; opens nothing yet. */
MchManager *manager_new(void);
void manager_free(MchManager *manager);

/* (Re)reads the config; a broken one is an alarm in the log, never a reason to stop. */
void manager_load_config(MchManager *manager);

/* Looks for work at the next turn of the loop: after anything that may have made some. */
void manager_kick(MchManager *manager);

/* Forget back-offs: all of them (@uid NULL: the relay's too) or those of one user's mail. */
void manager_flush(MchManager *manager, const guint32 *uid);

/* Runs until told to stop, or with `once` until there is nothing left to do. */
void manager_run(MchManager *manager);
/* Stop taking in and feeding; sessions finish what they hold by themselves. */
void manager_stop(MchManager *manager);

/* How long a message or an errand waits after @attempts failures, in ms. */
gint64 manager_backoff_ms(const MchManager *manager, guint attempts);
