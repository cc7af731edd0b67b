/*
 * config-load.h: mailchute.conf(5) as a struct.
 *
 * Read by mailchuted (the [queue] keys), deliver (everything) and the front end's `check`. A file
 * with an error gives an error that names file:line, and nothing else: the caller decides (and
 * nobody refuses mail because of it). The password is not here: see secret.h.
 */
#pragma once
#include <glib.h>

typedef enum {
	MCH_TLS_REQUIRED, /* STARTTLS, verified; the default (and on port 465: implicit) */
	MCH_TLS_IMPLICIT, /* TLS from the first byte, verified */
	MCH_TLS_NONE,	  /* plaintext, only when written */
} MchTlsMode;

typedef struct {
	char *path; /* the file, as it is named in messages */

	/* [mail] */
	char *admin; /* every local recipient goes here; NULL = not set */
	char *from;  /* sender for local callers; NULL = not set */

	/* [relay] */
	char *host; /* NULL = not set: mail waits */
	guint port; /* 587, or 465 when tls is implicit */
	MchTlsMode tls;
	char *user; /* NULL = no login */
	char *password_file;
	char *ca_file;	       /* NULL = the system's */
	char *helo;	       /* NULL = the host's name */
	guint timeout_connect; /* seconds: DNS and connect together, each address */
	guint timeout_command; /* seconds of silence for greeting, EHLO, STARTTLS, AUTH, MAIL, RCPT */
	guint timeout_data;    /* seconds of silence after the final dot */

	/* [queue] */
	char *dir;	  /* NULL = the default place */
	guint retry_min;  /* seconds; first back-off, of a message and of the relay */
	guint retry_max;  /* seconds; it doubles up to this */
	guint64 max_size; /* bytes of a message */
	guint64 min_free; /* bytes of disk that submissions must leave; 0 = min(2 x max_size, 5 %) */
} MchConfig;

/* Reads and checks @path. @ret_warnings (may be NULL) gets char* lines, never NULL on success. */
MchConfig *config_load(const char *path, GPtrArray **ret_warnings, GError **error);

/* What stands when there is no usable file: every default of the table. */
MchConfig *config_defaults(void);

void config_free(MchConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MchConfig, config_free)
