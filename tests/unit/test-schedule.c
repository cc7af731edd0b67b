/* test-schedule.c: order by due time, counts, and back-off per message. */
#include "config.h"
#include "queue/schedule.h"

static void test_order(void)
{
	MchSchedule *schedule = schedule_new();
	MchEntry *b = schedule_add(schedule, "B", 20);
	MchEntry *a = schedule_add(schedule, "A", 20);
	MchEntry *c = schedule_add(schedule, "C", 10);

	g_assert_true(schedule_first(schedule) == c);
	schedule_set_state(schedule, c, MCH_ENTRY_ACTIVE, 0);
	g_assert_true(schedule_first(schedule) == a); /* ties: the older id */
	schedule_set_state(schedule, a, MCH_ENTRY_FAILED, 0);
	g_assert_true(schedule_first(schedule) == b);
	g_assert_cmpuint(schedule_count(schedule), ==, 3);
	g_assert_cmpuint(schedule_count_unfinished(schedule), ==, 2);
	schedule_set_state(schedule, c, MCH_ENTRY_WAITING, 5);
	g_assert_true(schedule_first(schedule) == c);
	schedule_remove(schedule, c);
	schedule_remove(schedule, a);
	g_assert_null(schedule_find(schedule, "A"));
	g_assert_cmpuint(schedule_count_unfinished(schedule), ==, 1);
	schedule_remove(schedule, b);
	g_assert_null(schedule_first(schedule));
	g_assert_cmpuint(schedule_count_unfinished(schedule), ==, 0);
	schedule_free(schedule);
}

static gboolean is_seven(const MchEntry *entry, gpointer data)
{
	(void)data;
	return entry->uid == 7;
}

static void test_make_due(void)
{
	MchSchedule *schedule = schedule_new();
	MchEntry *mine = schedule_add(schedule, "A", 1000);
	MchEntry *other = schedule_add(schedule, "B", 900);

	mine->uid = 7;
	schedule_make_due(schedule, 10, is_seven, NULL);
	g_assert_true(schedule_first(schedule) == mine);
	g_assert_cmpint(mine->due, ==, 10);
	g_assert_cmpint(other->due, ==, 900);
	schedule_make_due(schedule, 5, NULL, NULL);
	g_assert_cmpint(other->due, ==, 5);
	schedule_free(schedule);
}

static void test_backoff(void)
{
	static const gint64 want[] = { 60, 60, 120, 240, 480, 600, 600 };

	for (guint attempts = 0; attempts < G_N_ELEMENTS(want); attempts++) {
		gint64 ms = schedule_backoff_ms(attempts, 60000, 600000);
		g_assert_cmpint(ms, >=, want[attempts] * 900);
		g_assert_cmpint(ms, <=, want[attempts] * 1100);
	}
	g_assert_cmpint(schedule_backoff_ms(65535, 1, G_MAXINT32), >, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/schedule/order", test_order);
	g_test_add_func("/schedule/make-due", test_make_due);
	g_test_add_func("/schedule/backoff", test_backoff);
	return g_test_run();
}
