/*
 * template.h: the running mailchute-receive, and its children that wait for a client.
 */
#pragma once
#include <glib.h>

typedef struct MchTemplate MchTemplate;

/* Starts the template for messages of at most @max_size bytes. */
MchTemplate *template_new(guint64 max_size, GError **error);
/* Ends it; children at work finish. */
void template_free(MchTemplate *template);

/*
 * The job socket of a ready child (receive-job.h); belongs to the caller. Starts the template again
 * when it has died. -1 with @error when there is none to be had.
 */
int template_take_child(MchTemplate *template, GError **error);
/* Has children forked until some are ready again; to be called when nobody waits for an answer. */
void template_refill(MchTemplate *template);
