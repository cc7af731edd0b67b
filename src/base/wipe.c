/*
 * wipe.c: see wipe.h. Called by config/secret.c, link/login.c and link/tls.c.
 */
#include "config.h"
#include "base/wipe.h"
#include <string.h>

void wipe_memory(void *memory, gsize length)
{
	explicit_bzero(memory, length);
}

MchSecret *wipe_secret_new(const char *text, gsize length)
{
	MchSecret *secret = g_new0(MchSecret, 1);

	secret->text = g_malloc(length + 1);
	memcpy(secret->text, text, length);
	secret->text[length] = '\0';
	secret->length = length;
	return secret;
}

void wipe_secret_free(MchSecret *secret)
{
	if (!secret)
		return;
	wipe_memory(secret->text, secret->length);
	g_free(secret->text);
	g_free(secret);
}
