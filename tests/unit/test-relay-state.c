/* test-relay-state.c: the relay's back-off, without a clock. */
#include "config.h"
#include "queue/relay-state.h"

static gint64 wait_of(const MchRelayState *relay, gint64 now)
{
	return relay->next_try - now;
}

static void assert_about(gint64 got, gint64 want)
{
	g_assert_cmpint(got, >=, want - want / 10);
	g_assert_cmpint(got, <=, want + want / 10);
}

static void test_backoff_doubles_to_the_maximum(void)
{
	MchRelayState relay;
	gint64 now = 1000000;

	relay_state_init(&relay);
	relay_state_set_retry(&relay, 60, 300);
	static const gint64 want[] = { 60, 120, 240, 300, 300 };
	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_assert_true(relay_state_may_start(&relay, now));
		g_assert_cmpint(relay_state_note_trouble(&relay, now, "connect", "refused"), ==,
				i == 0); /* the same reason is news once */
		assert_about(wait_of(&relay, now), want[i] * 1000);
		g_assert_false(relay_state_may_start(&relay, relay.next_try - 1));
		now = relay.next_try;
	}
	g_assert_true(relay_state_may_start(&relay, now));
	g_assert_false(relay_state_may_start(&relay, now)); /* one probe at a time */
	g_assert_true(relay_state_note_ready(&relay));
	g_assert_null(relay.reason);
	g_assert_true(relay_state_may_start(&relay, now));
	relay_state_clear(&relay);
}

static void test_many_sessions_fail_once(void)
{
	MchRelayState relay;

	relay_state_init(&relay);
	(void)relay_state_note_trouble(&relay, 0, "connect", "refused");
	gint64 next = relay.next_try;
	(void)relay_state_note_trouble(&relay, 5, "connect", "refused");
	g_assert_cmpint(relay.next_try, ==, next);
	relay_state_clear(&relay);
}

static void test_login_waits_longer(void)
{
	MchRelayState relay;

	relay_state_init(&relay);
	(void)relay_state_note_trouble(&relay, 0, "login", "535 no");
	assert_about(wait_of(&relay, 0), 300 * 1000);
	relay_state_clear(&relay);
}

static void test_lost_connections_are_forgiven_twice(void)
{
	MchRelayState relay;

	relay_state_init(&relay);
	for (int i = 0; i < 2; i++) {
		(void)relay_state_note_trouble(&relay, 0, "lost", "dropped");
		g_assert_true(relay_state_may_start(&relay, 0));
	}
	(void)relay_state_note_trouble(&relay, 0, "lost", "dropped");
	g_assert_false(relay_state_may_start(&relay, 0));
	relay_state_wake(&relay);
	g_assert_true(relay_state_may_start(&relay, 0));
	(void)relay_state_note_ready(&relay);
	relay_state_note_success(&relay);
	(void)relay_state_note_trouble(&relay, 0, "lost", "dropped");
	g_assert_true(relay_state_may_start(&relay, 0));
	relay_state_clear(&relay);
}

static void test_probe_that_dies(void)
{
	MchRelayState relay;

	relay_state_init(&relay);
	(void)relay_state_note_trouble(&relay, 0, "connect", "refused");
	g_assert_true(relay_state_may_start(&relay, relay.next_try));
	relay_state_note_no_answer(&relay, 1000000);
	g_assert_false(relay_state_may_start(&relay, 1000000));
	g_assert_true(relay_state_may_start(&relay, relay.next_try));
	relay_state_clear(&relay);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/relay-state/backoff", test_backoff_doubles_to_the_maximum);
	g_test_add_func("/relay-state/together", test_many_sessions_fail_once);
	g_test_add_func("/relay-state/login", test_login_waits_longer);
	g_test_add_func("/relay-state/lost", test_lost_connections_are_forgiven_twice);
	g_test_add_func("/relay-state/probe", test_probe_that_dies);
	return g_test_run();
}
