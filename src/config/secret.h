/*
 * secret.h: the relay's password, read by deliver alone.
 */
#pragma once
#include "base/wipe.h"

/*
 * Reads the first line of @path. Refused (MCH_CONFIG_ERROR_SECRET, with the command that mends it)
 * when the file can be read by others, is empty, is not a regular file or is over 8 KiB; group
 * read is fine when the group is the process's own or root's.
 */
MchSecret *secret_read_file(const char *path, GError **error);
