/*
 * wipe.h: memory that held a secret is overwritten before it is freed.
 */
#pragma once
#include <glib.h>

typedef struct {
	char *text; /* NUL-terminated; may hold NULs before that */
	gsize length;
} MchSecret;

/* A copy of @length bytes in memory of its own. */
MchSecret *wipe_secret_new(const char *text, gsize length);
/* Overwrites, then frees. NULL is fine. */
void wipe_secret_free(MchSecret *secret);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MchSecret, wipe_secret_free)

/* explicit_bzero under the name that code review looks for. */
void wipe_memory(void *memory, gsize length);
