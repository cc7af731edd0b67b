/*
 * relay-state.c: see relay-state.h. Used by the manager; pure, so that its test needs no clock.
 */
#include "config.h"
#include "queue/relay-state.h"
#include <string.h>

/* A refused login is tried this many times less often: five minutes by default. */
#define LOGIN_PATIENCE 5
/* Lost connections in a row that are still put down to single messages. */
#define LOST_TOLERATED 2

void relay_state_init(MchRelayState *relay)
{
	*relay = (MchRelayState){ .condition = MCH_RELAY_UP };
	relay_state_set_retry(relay, 60, 3600);
}

void relay_state_clear(MchRelayState *relay)
{
	g_clear_pointer(&relay->reason, g_free);
}

void relay_state_set_retry(MchRelayState *relay, guint min_seconds, guint max_seconds)
{
	relay->retry_min_ms = (gint64)MAX(min_seconds, 1) * 1000;
	relay->retry_max_ms = MAX((gint64)max_seconds * 1000, relay->retry_min_ms);
	if (relay->condition == MCH_RELAY_UP)
		relay->backoff_ms = relay->retry_min_ms;
	relay->backoff_ms = CLAMP(relay->backoff_ms, relay->retry_min_ms, relay->retry_max_ms);
}

gboolean relay_state_may_start(MchRelayState *relay, gint64 now)
{
	switch (relay->condition) {
	case MCH_RELAY_UP:
		return TRUE;
	case MCH_RELAY_PROBING:
		return FALSE;
	case MCH_RELAY_DOWN:
		if (now < relay->next_try)
			return FALSE;
		relay->condition = MCH_RELAY_PROBING;
		return TRUE;
	}
	return FALSE;
}

gboolean relay_state_note_ready(MchRelayState *relay)
{
	gboolean news = relay->reason != NULL;

	relay->condition = MCH_RELAY_UP;
	relay->backoff_ms = relay->retry_min_ms;
	g_clear_pointer(&relay->reason, g_free);
	return news;
}

/* Between 90 and 110 per cent: hosts that lost the relay together do not return together. */
static gint64 add_jitter(gint64 ms)
{
	return ms - ms / 10 + g_random_int_range(0, (gint32)CLAMP(ms / 5, 1, G_MAXINT32));
}

static void go_down(MchRelayState *relay, gint64 now, gint64 at_least_ms)
{
	relay->condition = MCH_RELAY_DOWN;
	relay->next_try = now + add_jitter(MAX(relay->backoff_ms, at_least_ms));
	relay->backoff_ms = MIN(relay->backoff_ms * 2, relay->retry_max_ms);
}

gboolean relay_state_note_trouble(MchRelayState *relay, gint64 now, const char *stage,
				  const char *reason)
{
	gboolean news = g_strcmp0(relay->reason, reason) != 0;
	gint64 at_least_ms = 0;

	if (strcmp(stage, "lost") == 0 && ++relay->lost_in_a_row <= LOST_TOLERATED) {
		relay->condition = MCH_RELAY_UP;
		return FALSE;
	}
	if (strcmp(stage, "login") == 0)
		at_least_ms = MIN(relay->retry_min_ms * LOGIN_PATIENCE, relay->retry_max_ms);
	/* Sessions that fail together count once: the first one has set the back-off. */
	if (relay->condition != MCH_RELAY_DOWN)
		go_down(relay, now, at_least_ms);
	g_free(relay->reason);
	relay->reason = g_strdup(reason);
	return news;
}

void relay_state_note_no_answer(MchRelayState *relay, gint64 now)
{
	if (relay->condition == MCH_RELAY_PROBING)
		go_down(relay, now, 0);
}

void relay_state_note_success(MchRelayState *relay)
{
	relay->lost_in_a_row = 0;
}

void relay_state_wake(MchRelayState *relay)
{
	if (relay->condition == MCH_RELAY_DOWN)
		relay->next_try = 0;
	relay->backoff_ms = relay->retry_min_ms;
}

const char *relay_state_name(const MchRelayState *relay)
{
	static const char *const names[] = { "up", "probing", "down" };

	return names[relay->condition];
}
