/*
 * relay-state.h: is the relay worth trying? The relay is the patient, not the message.
 *
 *   up       sessions may be started
 *   probing  it was down and one session is finding out
 *   down     nothing is tried before `next_try`
 * A pure state machine: times come in as arguments (milliseconds of clock_boot_ms), nothing is
 * scheduled here. The back-off starts at retry_min, doubles to retry_max, with jitter.
 */
#pragma once
#include <glib.h>

typedef enum { MCH_RELAY_UP, MCH_RELAY_PROBING, MCH_RELAY_DOWN } MchRelayCondition;

typedef struct {
	MchRelayCondition condition;
	gint64 retry_min_ms, retry_max_ms;
	gint64 backoff_ms;   /* the next one, without jitter */
	gint64 next_try;     /* when down */
	guint lost_in_a_row; /* sessions that ended in mid-transaction since the last success */
	char *reason;	     /* of the last trouble; NULL when up */
} MchRelayState;

void relay_state_init(MchRelayState *relay);
void relay_state_clear(MchRelayState *relay);
/* The admin's retry table, in seconds. */
void relay_state_set_retry(MchRelayState *relay, guint min_seconds, guint max_seconds);

/* TRUE when a session may be started now; when it was down the caller's session is the probe. */
gboolean relay_state_may_start(MchRelayState *relay, gint64 now);
/* A session is connected and logged in. Returns TRUE when that is news. */
gboolean relay_state_note_ready(MchRelayState *relay);
/*
 * The relay cannot be used. @stage as in session-feed.h; a refused login waits at least five times
 * retry_min (accounts get locked). A connection lost in mid-transaction counts only from the third
 * time in a row on: it may be the message's fault, and the next one is tried at once.
 * Returns TRUE when the reason is news, so that it is logged once.
 */
gboolean relay_state_note_trouble(MchRelayState *relay, gint64 now, const char *stage,
				  const char *reason);
/* A probe ended without a word (killed): try again after the same back-off. */
void relay_state_note_no_answer(MchRelayState *relay, gint64 now);
/* The relay took a message. */
void relay_state_note_success(MchRelayState *relay);
/* Forget the back-off: config or secret changed, or somebody said flush. */
void relay_state_wake(MchRelayState *relay);

const char *relay_state_name(const MchRelayState *relay);
