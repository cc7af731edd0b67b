/* test-session-feed.c: packets between mailchuted and deliver, and what is no packet. */
#include "config.h"
#include "base/error.h"
#include "base/fd.h"
#include "spool/session-feed.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int ends[2];

static void open_pair(void)
{
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), ==, 0);
}

static void close_pair(void)
{
	close(ends[0]);
	close(ends[1]);
}

static void test_round_trip(void)
{
	const MchFeedPacket packets[] = {
		{ .word = MCH_FEED_HELLO, .text = (char *)"0.1.0" },
		{ .word = MCH_FEED_READY },
		{ .word = MCH_FEED_TROUBLE, .stage = (char *)"tls", .text = (char *)"no  name" },
		{ .word = MCH_FEED_EXPAND,
		  .id = (char *)"A",
		  .rcpt = 2,
		  .sub = 3,
		  .text = (char *)"a b@x.example" },
		{ .word = MCH_FEED_FATE,
		  .id = (char *)"A",
		  .rcpt = 2,
		  .sub = 3,
		  .fate = MCH_FATE_TEMP,
		  .text = (char *)"450 4.2.0 later on" },
		{ .word = MCH_FEED_DONE, .id = (char *)"A" },
		{ .word = MCH_FEED_DAMAGED, .id = (char *)"A", .text = (char *)"sum" },
		{ .word = MCH_FEED_BYE },
	};

	open_pair();
	for (guint i = 0; i < G_N_ELEMENTS(packets); i++) {
		g_auto(MchFeedPacket) got = { 0 };
		int fd = 77;
		g_assert_true(feed_send(ends[0], &packets[i], -1, NULL));
		g_assert_cmpint(feed_receive(ends[1], &got, &fd, NULL), ==, 1);
		g_assert_cmpint(fd, ==, -1);
		g_assert_cmpint(got.word, ==, packets[i].word);
		g_assert_cmpstr(got.id, ==, packets[i].id);
		g_assert_cmpuint(got.rcpt, ==, packets[i].rcpt);
		g_assert_cmpuint(got.sub, ==, packets[i].sub);
		g_assert_cmpint(got.fate, ==, packets[i].fate);
		g_assert_cmpstr(got.stage, ==, packets[i].stage);
		g_assert_cmpstr(got.text, ==, packets[i].text);
	}
	close_pair();
}

static void test_message_brings_a_descriptor(void)
{
	MchFeedPacket packet = { .word = MCH_FEED_MESSAGE, .id = (char *)"A" };
	g_auto(MchFeedPacket) got = { 0 };
	g_autoptr(GError) error = NULL;
	mch_autofd int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	mch_autofd int fd = -1;

	open_pair();
	g_assert_true(feed_send(ends[0], &packet, null, NULL));
	g_assert_cmpint(feed_receive(ends[1], &got, &fd, NULL), ==, 1);
	g_assert_cmpint(fd, >=, 0);
	g_assert_true(feed_send(ends[0], &packet, -1, NULL)); /* and without one it is none */
	int none = -1;
	g_auto(MchFeedPacket) bad = { 0 };
	g_assert_cmpint(feed_receive(ends[1], &bad, &none, &error), ==, -1);
	g_assert_error(error, MCH_FORMAT_ERROR, MCH_FORMAT_ERROR_DAMAGED);
	close_pair();
}

static void test_long_text_is_cut(void)
{
	g_autofree char *text = g_strnfill(3 * MCH_FEED_MAX, 'x');
	MchFeedPacket packet = { .word = MCH_FEED_DAMAGED, .id = (char *)"A", .text = text };
	g_auto(MchFeedPacket) got = { 0 };
	int fd;

	open_pair();
	g_assert_true(feed_send(ends[0], &packet, -1, NULL));
	g_assert_cmpint(feed_receive(ends[1], &got, &fd, NULL), ==, 1);
	g_assert_cmpuint(strlen(got.text), <, MCH_FEED_MAX);
	close_pair();
}

static void test_bad_packets(void)
{
	static const char *const bad[] = { "",
					   "hullo",
					   "fate A 1 sent x",
					   "fate A 0.1 sent x",
					   "fate A 1.1 seen x",
					   "done",
					   "done ../x",
					   "expand A 1.1.1 x",
					   "trouble" };

	open_pair();
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_auto(MchFeedPacket) got = { 0 };
		g_autoptr(GError) error = NULL;
		int fd;
		if (bad[i][0] == '\0') /* an empty packet looks like the end */
			continue;
		g_assert_true(fd_send_packet(ends[0], bad[i], strlen(bad[i]), NULL, 0, NULL));
		g_assert_cmpint(feed_receive(ends[1], &got, &fd, &error), ==, -1);
		g_assert_error(error, MCH_FORMAT_ERROR, MCH_FORMAT_ERROR_DAMAGED);
	}
	close_pair();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/session-feed/round-trip", test_round_trip);
	g_test_add_func("/session-feed/message", test_message_brings_a_descriptor);
	g_test_add_func("/session-feed/long", test_long_text_is_cut);
	g_test_add_func("/session-feed/bad", test_bad_packets);
	return g_test_run();
}
