/*
 * helper.h: where the other programs of the package are.
 */
#pragma once
#include <glib.h>

/*
 * The path of the program @name ("mailchuted", "mailchute-deliver", ...): below
 * $MAILCHUTE_EXEC_PATH when that is set and the process is not privileged beyond its caller
 * (secure_getenv), else where `make install` puts it. The result belongs to the caller.
 */
char *helper_path(const char *name);
