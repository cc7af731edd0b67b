/*
 * cage.c: rlimits, no_new_privs, not dumpable; see cage.h.
 *
 * Called by mailchute-receive and mailchute-bounce before they read, and (cage_harden) by deliver
 * before it reads the password. The idea is OpenSSH's sandbox-rlimit: whatever was needed is open
 * already, so a process that is taken over finds nothing to take.
 */
#include "config.h"
#include "base/cage.h"
#include "base/error.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static gboolean set_limit(int resource, guint64 value, const char *name, GError **error)
{
	struct rlimit now;

	if (getrlimit(resource, &now) < 0)
		return error_set_system(error, errno, "getrlimit %s", name);
	/* Only ever downwards: the caller's own limits stay in force. */
	struct rlimit limit = { .rlim_cur = MIN((rlim_t)value, now.rlim_max),
				.rlim_max = MIN((rlim_t)value, now.rlim_max) };
	if (setrlimit(resource, &limit) < 0)
		return error_set_system(error, errno, "setrlimit %s", name);
	return TRUE;
}

/* One more than the highest open descriptor, from /proc; 64 where /proc is missing. */
static guint open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	guint highest = 2;

	if (!dir)
		return 64;
	for (struct dirent *entry; (entry = readdir(dir));)
		highest = MAX(highest, (guint)strtoul(entry->d_name, NULL, 10));
	(void)closedir(dir);
	return highest + 1;
}

#ifndef MCH_SANITIZED
/* Bytes of address space in use now (first field of /proc/self/statm, in pages). */
static guint64 mapped_memory(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	if (!file)
		return 256u << 20;
	if (fscanf(file, "%lu", &pages) != 1)
		pages = 65536;
	(void)fclose(file);
	return (guint64)pages * 4096;
}
#endif

gboolean cage_harden(GError **error)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_set_system(error, errno, "PR_SET_NO_NEW_PRIVS");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_set_system(error, errno, "PR_SET_DUMPABLE");
	return set_limit(RLIMIT_CORE, 0, "CORE", error);
}

gboolean cage_enter(const MchCage *cage, GError **error)
{
	guint descriptors = open_descriptors() + cage->extra_fds;

#ifndef MCH_SANITIZED
	if (cage->max_memory &&
	    !set_limit(RLIMIT_AS, mapped_memory() + cage->max_memory, "AS", error))
		return FALSE;
#endif
	return cage_harden(error) && set_limit(RLIMIT_NOFILE, descriptors, "NOFILE", error) &&
	       set_limit(RLIMIT_NPROC, 0, "NPROC", error) &&
	       set_limit(RLIMIT_FSIZE, cage->max_file_size, "FSIZE", error) &&
	       (!cage->cpu_seconds || set_limit(RLIMIT_CPU, cage->cpu_seconds, "CPU", error));
}
