/* test-spool-commit.c: the directory, its lock, and the step from tmp/ to queue/. */
#include "config.h"
#include "base/error.h"
#include "base/fd.h"
#include "spool/spool-commit.h"
#include "spool/spool-scan.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *make_dir(void)
{
	return g_dir_make_tmp("mch-spool-XXXXXX", NULL);
}

static void remove_dir(const char *dir)
{
	g_autofree char *command = g_strdup_printf("rm -rf '%s'", dir);

	g_assert_true(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
}

static void test_made_private(void)
{
	g_autofree char *dir = make_dir();
	g_autofree char *path = g_build_filename(dir, "a", "spool", NULL);
	g_autoptr(GError) error = NULL;
	struct stat status;

	g_autoptr(MchSpool) spool = spool_open(path, &error);
	g_assert_no_error(error);
	g_assert_cmpint(fstat(spool->queue, &status), ==, 0);
	g_assert_cmpuint(status.st_mode & 0777, ==, 0700);
	g_assert_cmpint(chmod(path, 0770), ==, 0);
	g_assert_null(spool_open(path, &error));
	g_assert_error(error, MCH_SYSTEM_ERROR, EPERM);
	remove_dir(dir);
}

static void test_one_manager(void)
{
	g_autofree char *dir = make_dir();
	g_autoptr(MchSpool) first = spool_open(dir, NULL);
	g_autoptr(MchSpool) second = spool_open(dir, NULL);
	g_autoptr(GError) error = NULL;

	g_assert_true(spool_lock(first, &error));
	g_assert_false(spool_lock(second, &error));
	g_assert_error(error, MCH_SYSTEM_ERROR, EBUSY);
	g_clear_error(&error);
	fd_clear(&first->lock); /* as the kernel does when the manager dies */
	g_assert_true(spool_lock(second, &error));
	remove_dir(dir);
}

static void test_commit_replaces_nothing(void)
{
	g_autofree char *dir = make_dir();
	g_autoptr(MchSpool) spool = spool_open(dir, NULL);
	g_autoptr(GError) error = NULL;

	mch_autofd int one = spool_create_tmp(spool, "A", &error);
	g_assert_cmpint(one, >=, 0);
	g_assert_cmpint(spool_create_tmp(spool, "A", NULL), ==, -1);
	g_assert_true(spool_commit(spool, "A", &error));
	g_assert_true(spool_sync_queue(spool, &error));
	mch_autofd int two = spool_create_tmp(spool, "A", &error);
	g_assert_cmpint(two, >=, 0);
	g_assert_false(spool_commit(spool, "A", &error));
	g_assert_error(error, MCH_SYSTEM_ERROR, EEXIST);
	g_autoptr(GPtrArray) ids = spool_scan_queue(spool, NULL);
	g_assert_cmpuint(ids->len, ==, 1);
	g_assert_cmpstr(ids->pdata[0], ==, "A");
	g_assert_cmpuint(spool_sweep_tmp(spool, 3600), ==, 0); /* young: perhaps being written */
	g_assert_cmpuint(spool_sweep_tmp(spool, 0), ==, 1);
	remove_dir(dir);
}

static void test_set_aside(void)
{
	g_autofree char *dir = make_dir();
	g_autofree char *kept = g_build_filename(dir, "damaged", "A", NULL);
	g_autoptr(MchSpool) spool = spool_open(dir, NULL);

	mch_autofd int fd = spool_create_tmp(spool, "A", NULL);
	g_assert_true(fd >= 0 && spool_commit(spool, "A", NULL));
	g_assert_true(spool_set_aside(spool, "A", NULL));
	g_assert_true(g_file_test(kept, G_FILE_TEST_EXISTS));
	g_assert_cmpint(spool_open_message(spool, "A", FALSE, NULL), ==, -1);
	remove_dir(dir);
}

static void test_session_logs(void)
{
	g_autofree char *dir = make_dir();
	g_autoptr(MchSpool) spool = spool_open(dir, NULL);
	guint first, second;

	mch_autofd int one = spool_create_session_log(spool, &first, NULL);
	mch_autofd int two = spool_create_session_log(spool, &second, NULL);
	g_assert_cmpuint(first, !=, second);
	mch_autofd int look = spool_open_session_log(spool, first, NULL);
	g_assert_false(spool_try_lock(look)); /* its deliver lives */
	fd_clear(&one);
	g_assert_true(spool_try_lock(look));
	g_autoptr(GPtrArray) numbers = spool_scan_sessions(spool, NULL);
	g_assert_cmpuint(numbers->len, ==, 2);
	g_assert_true(spool_remove_session_log(spool, first, NULL));
	remove_dir(dir);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/spool-commit/private", test_made_private);
	g_test_add_func("/spool-commit/one-manager", test_one_manager);
	g_test_add_func("/spool-commit/replaces-nothing", test_commit_replaces_nothing);
	g_test_add_func("/spool-commit/set-aside", test_set_aside);
	g_test_add_func("/spool-commit/session-logs", test_session_logs);
	return g_test_run();
}
