/*
 * session-feed.h: what mailchuted and a running deliver (or bounce) say to each other.
 *
 * A SOCK_SEQPACKET socketpair, one record a packet, text: a word, then fields separated by one
 * space; the last field runs to the end. At most MCH_FEED_MAX bytes.
 *   mailchuted -> deliver
 *     hello VERSION                  first; a deliver of another version answers bye and exits
 *     message ID                     with one descriptor: the queue file, O_RDONLY, locked
 *   deliver -> mailchuted
 *     ready                          the relay is connected and logged in
 *     trouble STAGE TEXT             the relay cannot be used; STAGE: config dns connect tls login
 *                                    reply lost; the message in hand (if any) is untried
 *     expand ID N.M ADDRESS          plan of recipient N, before its first fate
 *     fate ID N.M KIND TEXT          KIND: sent temp perm doubt
 *     done ID                        all fates of ID were told; feed the next
 *     damaged ID TEXT                the queue file does not verify: set it aside
 *     bye                            idle too long or asked to stop; feed nothing more
 * End of file on either side ends the other. A message fed but not `done` at end of file is
 * untried, or doubt when the session log has its dot.
 */
#pragma once
#include <glib.h>
#include "spool/spool-journal.h"

#define MCH_FEED_MAX 4096

/* Descriptors that a deliver is started with. */
#define MCH_FEED_SOCKET_FD 3
#define MCH_FEED_LOG_FD	   4

typedef enum {
	MCH_FEED_HELLO,
	MCH_FEED_MESSAGE,
	MCH_FEED_READY,
	MCH_FEED_TROUBLE,
	MCH_FEED_EXPAND,
	MCH_FEED_FATE,
	MCH_FEED_DONE,
	MCH_FEED_DAMAGED,
	MCH_FEED_BYE,
} MchFeedWord;

typedef struct {
	MchFeedWord word;
	char *id;   /* message, expand, fate, done, damaged */
	guint rcpt; /* expand, fate */
	guint sub;
	MchFateKind fate;
	char *stage; /* trouble */
	char *text;  /* the last field, or NULL */
} MchFeedPacket;

void feed_packet_clear(MchFeedPacket *packet);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MchFeedPacket, feed_packet_clear)

/* Sends @packet over @socket, with @fd (-1: none). Text is cut to fit. */
gboolean feed_send(int socket, const MchFeedPacket *packet, int fd, GError **error);

/*
 * Receives one packet into @ret_packet (cleared by the caller). *@ret_fd gets a descriptor or -1.
 * Returns 1, 0 at end of file, -1 with @error (EAGAIN on a non-blocking socket too).
 */
int feed_receive(int socket, MchFeedPacket *ret_packet, int *ret_fd, GError **error);
