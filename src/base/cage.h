/*
 * cage.h: what a process that reads a stranger's bytes gives up before it reads the first one.
 */
#pragma once
#include <glib.h>

typedef struct {
	guint extra_fds; /* descriptors that may still be opened: what SCM_RIGHTS will bring */
	guint64 max_file_size; /* RLIMIT_FSIZE; 0 = no file may grow */
	guint64 max_memory; /* RLIMIT_AS, on top of what is mapped now; 0 = leave (and under ASan) */
	guint cpu_seconds;  /* RLIMIT_CPU */
} MchCage;

/*
 * Locks the calling process in: no new descriptors beyond @cage->extra_fds, no new processes, no
 * core file, no new privileges, not dumpable (so /proc/self and ptrace are closed to the same uid).
 * Irrevocable. On FALSE the process is not caged and must exit.
 */
gboolean cage_enter(const MchCage *cage, GError **error);

/* The part that a process with open doors can take too: no_new_privs, not dumpable, no core file. */
gboolean cage_harden(GError **error);
