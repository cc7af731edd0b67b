/*
 * address.h: RFC 5322 address lists and RFC 5321 mailboxes.
 *
 * Used by compose (-t), by the front end (argv) and by delivery (qualifying). Linear in the length
 * of the input, whatever it nests; never fails on odd input that still names an address.
 */
#pragma once
#include <glib.h>

typedef struct {
	char *name; /* display name, unquoted and unfolded, still RFC 2047 encoded; NULL = none */
	char *mailbox; /* local@domain or local; comments and folding removed, quoting kept */
} MchAddress;

void address_free(MchAddress *address);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MchAddress, address_free)

/*
 * Appends to @list (MchAddress*, free func address_free) every address of an address-list (RFC
 * 5322 3.4 and 4.4: groups, comments, quoted strings, routes, empty elements, folding). An empty
 * group gives none. MCH_SUBMIT_ERROR_ADDRESS names the piece that is not an address.
 */
gboolean address_parse_list(const char *text, gsize length, GPtrArray *list, GError **error);

/*
 * TRUE when @mailbox may stand in an SMTP command (RFC 5321 4.1.2): no control byte, no NUL, within
 * MCH_LIMIT_*, quotes balanced, a domain that is dot-separated or an address literal when there is
 * one. An unqualified local part is fine. Non-ASCII bytes are fine (RFC 6531).
 */
gboolean address_check_mailbox(const char *mailbox, GError **error);

/* The domain of @mailbox (inside it), or NULL when it has none. */
const char *address_domain(const char *mailbox);
/* @mailbox with @domain when it has none; belongs to the caller. */
char *address_qualify(const char *mailbox, const char *domain);
