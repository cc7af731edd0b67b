/* test-session-log.c: a dot without a fate is doubt, wherever the log was cut off. */
#include "config.h"
#include "spool/session-log.h"
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static GPtrArray *make_targets(void)
{
	static MchTarget targets[2] = {
		{ .rcpt = 1, .sub = 1, .address = (char *)"a@x.example" },
		{ .rcpt = 2, .sub = 1, .address = (char *)"b c@x.example" }
	};
	GPtrArray *list = g_ptr_array_new();

	g_ptr_array_add(list, &targets[0]);
	g_ptr_array_add(list, &targets[1]);
	return list;
}

static void test_dot_then_fate(void)
{
	g_autoptr(GPtrArray) targets = make_targets();
	int fd = memfd_create("log", MFD_CLOEXEC);

	g_assert_true(session_log_plan(fd, "A", targets, NULL));
	g_assert_true(session_log_plan(fd, "B", targets, NULL));
	g_assert_true(session_log_dot(fd, "A", targets, NULL));
	g_assert_true(session_log_fate(fd, "A", 1, 1, MCH_FATE_SENT, "250 ok", NULL));
	g_assert_true(session_log_dot(fd, "B", targets, NULL));

	g_autoptr(GPtrArray) events = session_log_read(fd, NULL);
	static const MchFateKind want[] = { MCH_FATE_SENT, MCH_FATE_DOUBT, MCH_FATE_DOUBT,
					    MCH_FATE_DOUBT };
	g_assert_cmpuint(events->len, ==, 4);
	for (guint i = 0; i < 4; i++) {
		const MchSessionEvent *event = events->pdata[i];
		g_assert_cmpstr(event->id, ==, i < 2 ? "A" : "B");
		g_assert_cmpuint(event->rcpt, ==, i % 2 + 1);
		g_assert_cmpstr(event->address, ==, i % 2 ? "b c@x.example" : "a@x.example");
		g_assert_cmpint(event->fate, ==, want[i]);
	}
	close(fd);
}

static void test_cut_at_every_byte(void)
{
	g_autoptr(GPtrArray) targets = make_targets();
	int fd = memfd_create("log", MFD_CLOEXEC);

	g_assert_true(session_log_plan(fd, "A", targets, NULL));
	off_t planned = lseek(fd, 0, SEEK_CUR);
	g_assert_true(session_log_dot(fd, "A", targets, NULL));
	off_t dotted = lseek(fd, 0, SEEK_CUR);
	g_assert_true(session_log_fate(fd, "A", 1, 1, MCH_FATE_SENT, "250 ok", NULL));
	off_t end = lseek(fd, 0, SEEK_CUR);
	for (off_t n = end; n >= 0; n--) {
		g_assert_cmpint(ftruncate(fd, n), ==, 0);
		g_autoptr(GPtrArray) events = session_log_read(fd, NULL);
		g_assert_nonnull(events);
		if (n < planned - 1)
			continue;
		const MchSessionEvent *first = events->pdata[0];
		MchFateKind want = n >= end - 1	     ? MCH_FATE_SENT
				   : n >= dotted - 1 ? MCH_FATE_DOUBT
						     : MCH_FATE_UNTRIED;
		g_assert_cmpint(first->fate, ==, want);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/session-log/dot-then-fate", test_dot_then_fate);
	g_test_add_func("/session-log/cut", test_cut_at_every_byte);
	return g_test_run();
}
