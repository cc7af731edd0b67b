/* test-fd.c: writes, packets with descriptors, renames that never replace. */
#include "config.h"
#include "base/fd.h"
#include "base/error.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void test_autofd(void)
{
	int copy;
	{
		mch_autofd int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		copy = fd;
		g_assert_cmpint(fcntl(copy, F_GETFD), >=, 0);
	}
	g_assert_cmpint(fcntl(copy, F_GETFD), ==, -1);

	mch_autofd int kept = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int stolen = fd_steal(&kept);
	g_assert_cmpint(kept, ==, -1);
	g_assert_cmpint(close(stolen), ==, 0);
}

static void test_packet_carries_descriptors(void)
{
	int pair[2];
	int got[MCH_FD_PACKET_MAX];
	guint n_got = 99;
	char text[16];
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), ==, 0);
	mch_autofd int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int two[2] = { null, pair[0] };
	g_assert_true(fd_send_packet(pair[0], "hello", 5, two, 2, &error));
	g_assert_cmpint(fd_receive_packet(pair[1], text, sizeof text, got, &n_got, &error), ==, 5);
	g_assert_no_error(error);
	g_assert_cmpuint(n_got, ==, 2);
	g_assert_cmpint(fcntl(got[0], F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
	close(got[0]);
	close(got[1]);

	g_assert_true(fd_send_packet(pair[0], "far too long for it", 19, NULL, 0, &error));
	g_assert_cmpint(fd_receive_packet(pair[1], text, sizeof text, got, &n_got, &error), ==, -1);
	g_assert_error(error, MCH_SYSTEM_ERROR, EMSGSIZE);
	g_clear_error(&error);

	close(pair[0]);
	g_assert_cmpint(fd_receive_packet(pair[1], text, sizeof text, got, &n_got, &error), ==, 0);
	g_assert_false(fd_send_packet(pair[1], "x", 1, NULL, 0, &error)); /* EPIPE, not SIGPIPE */
	g_assert_error(error, MCH_SYSTEM_ERROR, EPIPE);
	close(pair[1]);
}

static void test_rename_replaces_nothing(void)
{
	g_autofree char *dir = g_dir_make_tmp("mch-fd-XXXXXX", NULL);
	g_autoptr(GError) error = NULL;
	mch_autofd int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	close(openat(dir_fd, "a", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	g_assert_true(fd_rename_new(dir_fd, "a", dir_fd, "b", &error));
	close(openat(dir_fd, "a", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	g_assert_false(fd_rename_new(dir_fd, "a", dir_fd, "b", &error));
	g_assert_error(error, MCH_SYSTEM_ERROR, EEXIST);
	g_clear_error(&error);
	g_assert_true(fd_sync_directory(dir_fd, dir, &error));
	g_assert_true(fd_unlink(dir_fd, "a", &error));
	g_assert_true(fd_unlink(dir_fd, "a", &error)); /* gone already is fine */
	g_assert_true(fd_unlink(dir_fd, "b", &error));
	g_rmdir(dir);
}

static void test_full_device_is_an_error(void)
{
	g_autoptr(GError) error = NULL;
	mch_autofd int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	if (full < 0) {
		g_test_skip("no /dev/full here");
		return;
	}
	g_assert_false(fd_write_all(full, "x", 1, &error));
	g_assert_error(error, MCH_SYSTEM_ERROR, ENOSPC);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/fd/autofd", test_autofd);
	g_test_add_func("/fd/packet", test_packet_carries_descriptors);
	g_test_add_func("/fd/rename-new", test_rename_replaces_nothing);
	g_test_add_func("/fd/full-device", test_full_device_is_an_error);
	return g_test_run();
}
