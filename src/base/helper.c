/*
 * helper.c: see helper.h. Used by the front end (to start mailchuted) and by mailchuted.
 * The environment variable is what lets an uninstalled build tree, and the tests, run.
 */
#include "config.h"
#include "base/helper.h"
#include <stdlib.h>
#include <string.h>

char *helper_path(const char *name)
{
	const char *dir = secure_getenv("MAILCHUTE_EXEC_PATH");

	if (dir && dir[0] == '/')
		return g_build_filename(dir, name, NULL);
	if (strcmp(name, "mailchuted") == 0)
		return g_build_filename(MCH_SBINDIR, name, NULL);
	return g_build_filename(MCH_LIBEXECDIR, name, NULL);
}
