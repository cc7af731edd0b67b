/*
 * spool-format.h: the queue file, mailchute-queue(5): envelope lines, message, journal.
 *
 *   mailchute-queue 1 / id / time / uid / from / opt... / [rcpt-opt...] rcpt... / size / sum /
 *   <empty line>
 *   <exactly size bytes of message> <journal lines, see spool-journal.h>
 * Readers use pread only (the descriptor's offset is shared between processes).
 */
#pragma once
#include <glib.h>
#include <sys/types.h>

#define MCH_SPOOL_MAGIC "mailchute-queue 1"

typedef struct {
	char *address;
	GPtrArray *options; /* char*, "notify FAILURE"; NULL when there are none */
} MchSpoolRecipient;

typedef struct {
	char *id;
	gint64 time;	       /* acceptance, wall seconds */
	guint32 uid;	       /* of the submitter, from the kernel */
	char *from;	       /* envelope sender; "" is the null sender */
	GPtrArray *options;    /* char*, of the message */
	GPtrArray *recipients; /* MchSpoolRecipient*; never empty in a valid file */
	guint64 size;	       /* bytes of message */
	guint32 sum;	       /* CRC-32C of those bytes */
	off_t body_offset;     /* where the message starts; set by spool_format_read and _print */
} MchSpoolHeader;

MchSpoolHeader *spool_header_new(const char *id, gint64 time, guint32 uid);
void spool_header_free(MchSpoolHeader *header);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MchSpoolHeader, spool_header_free)

/* Adds a recipient; takes @options (may be NULL). */
void spool_header_add_recipient(MchSpoolHeader *header, const char *address, GPtrArray *options);
/* The value of option @name ("ret") among @options, or NULL; "" for an option without a value. */
const char *spool_option(const GPtrArray *options, const char *name);

/* The header as text, with size and sum as they stand in @header; sets header->body_offset. */
GString *spool_format_print(MchSpoolHeader *header);

/*
 * The two lines that are patched when the message is complete. *@ret_offset is where they start
 * in a file that begins with what spool_format_print returned.
 */
GString *spool_format_print_size(const MchSpoolHeader *header, off_t *ret_offset);

/*
 * Reads and checks the header of @fd. MCH_FORMAT_ERROR_DAMAGED when it is not one or the file is
 * shorter than header and message; _VERSION when its version is not ours (leave the file alone).
 * The message's checksum is not verified here: see spool_format_check_sum.
 */
MchSpoolHeader *spool_format_read(int fd, GError **error);

/* Reads the whole message and compares; MCH_FORMAT_ERROR_DAMAGED when it differs. */
gboolean spool_format_check_sum(int fd, const MchSpoolHeader *header, GError **error);

/* TRUE for a name that may be a queue id: 1-63 of [0-9A-Za-z.-], not starting with '.'. */
gboolean spool_id_is_valid(const char *id);
