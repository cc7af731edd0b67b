/*
 * rewrite.h: the queued message as it goes out: strict CRLF lines, no bare CR or LF, no NUL.
 *
 * Used by deliver, which pulls the message through it in pieces; constant memory. Output: every
 * line ends in CRLF, the last one too. (Policy on headers will join it here: it is the only stage
 * between the queue and the wire that sees the text.)
 */
#pragma once
#include <glib.h>

typedef struct MchRewriter MchRewriter;

MchRewriter *rewrite_new(void);
void rewrite_free(MchRewriter *rewriter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MchRewriter, rewrite_free)

/* Appends to @out what @data becomes. Any split of the input gives the same output. */
void rewrite_feed(MchRewriter *rewriter, const char *data, gsize length, GString *out);
/* Appends what is owed at the end: a final CRLF where there was none. */
void rewrite_finish(MchRewriter *rewriter, GString *out);

/* What was found on the way; the caller decides what it means for this relay. */
gboolean rewrite_saw_8bit(const MchRewriter *rewriter);
gboolean rewrite_saw_long_line(const MchRewriter *rewriter);
