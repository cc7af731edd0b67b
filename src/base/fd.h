/*
 * fd.h: descriptors that close themselves, and every system call that mail depends on.
 *
 * All durable writes of all rooms (write, fsync, rename, unlink) go through here, so that there is
 * one place to read and one place where a test can make the n-th call fail. Everything is CLOEXEC,
 * retries EINTR, and names what it was doing in the error. Nothing here logs.
 */
#pragma once
#include <glib.h>
#include <sys/types.h>

/* Closes *@fd when it is not negative and sets it to -1; keeps errno. */
void fd_clear(int *fd);
#define mch_autofd __attribute__((cleanup(fd_clear)))

/* Gives away *@fd: returns it and leaves -1 behind. */
static inline int fd_steal(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

/* Writes all of @data; short writes go on. EPIPE is an error, never a signal (see fd_prepare_process). */
gboolean fd_write_all(int fd, const void *data, gsize length, GError **error);
gboolean fd_pwrite_all(int fd, const void *data, gsize length, off_t offset, GError **error);

/* Reads at most @length bytes. Returns 0 at end of file, -1 with @error set. */
gssize fd_read(int fd, void *data, gsize length, GError **error);
gssize fd_pread(int fd, void *data, gsize length, off_t offset, GError **error);

/* Data (and size) of @fd on stable storage. An EIO is final: never retried on the same descriptor. */
gboolean fd_sync_data(int fd, const char *what, GError **error);
/* Directory entries of @dir_fd on stable storage. */
gboolean fd_sync_directory(int dir_fd, const char *what, GError **error);

/* renameat2 from @from_dir/@from to @to_dir/@to; fails with EEXIST rather than replace anything. */
gboolean fd_rename_new(int from_dir, const char *from, int to_dir, const char *to, GError **error);
/* Unlinks @name; a name that is not there any more is success. */
gboolean fd_unlink(int dir_fd, const char *name, GError **error);

/*
 * One packet with up to MCH_FD_PACKET_MAX descriptors over a unix socket (SEQPACKET or STREAM).
 * fd_send_packet does not take ownership of @fds.
 */
#define MCH_FD_PACKET_MAX 4
gboolean fd_send_packet(int socket, const void *data, gsize length, const int *fds, guint n_fds,
			GError **error);
/*
 * Receives one packet. @fds has room for MCH_FD_PACKET_MAX; they arrive CLOEXEC and belong to the
 * caller. Returns the length, 0 at end, -1 with @error (also when descriptors were cut off:
 * MSG_CTRUNC happens silently where the descriptor table is full). EAGAIN is error code EAGAIN.
 */
gssize fd_receive_packet(int socket, void *data, gsize length, int *fds, guint *ret_n_fds,
			 GError **error);

gboolean fd_set_nonblocking(int fd, gboolean nonblocking, GError **error);

/*
 * What every program of ours does first in main(): opens /dev/null for missing descriptors 0-2 (so
 * that a queue file never becomes fd 2), ignores SIGPIPE and SIGXFSZ (EPIPE and EFBIG are reported
 * where they happen), resets SIGCHLD to its default, and sets umask 077.
 * Returns TRUE when standard input was open: a missing one is an input error, never an empty mail.
 */
gboolean fd_prepare_process(void);
