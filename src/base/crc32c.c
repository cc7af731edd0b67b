/*
 * crc32c.c: CRC-32C, reflected polynomial 0x82f63b78; see crc32c.h.
 *
 * Used by the spool's writers and readers. Where the processor has the instruction (SSE 4.2) it
 * does 8 bytes at a time; otherwise a table of 8 x 256 words does. Both give RFC 3720's vectors.
 */
#include "config.h"
#include "base/crc32c.h"
#include <string.h>

static guint32 table[8][256];

static void fill_table(void)
{
	for (guint i = 0; i < 256; i++) {
		guint32 c = i;
		for (int bit = 0; bit < 8; bit++)
			c = c & 1 ? (c >> 1) ^ 0x82f63b78u : c >> 1;
		table[0][i] = c;
	}
	for (guint i = 0; i < 256; i++)
		for (int k = 1; k < 8; k++)
			table[k][i] = (table[k - 1][i] >> 8) ^ table[0][table[k - 1][i] & 0xff];
}

static guint32 update_by_table(guint32 c, const guchar *p, gsize length)
{
	for (; length >= 8; p += 8, length -= 8) {
		guint32 low, high;
		memcpy(&low, p, 4);
		memcpy(&high, p + 4, 4);
		low = GUINT32_FROM_LE(low) ^ c;
		high = GUINT32_FROM_LE(high);
		c = table[7][low & 0xff] ^ table[6][low >> 8 & 0xff] ^ table[5][low >> 16 & 0xff] ^
		    table[4][low >> 24] ^ table[3][high & 0xff] ^ table[2][high >> 8 & 0xff] ^
		    table[1][high >> 16 & 0xff] ^ table[0][high >> 24];
	}
	while (length-- > 0)
		c = (c >> 8) ^ table[0][(c ^ *p++) & 0xff];
	return c;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static guint32 update_by_instruction(guint32 c, const guchar *p,
								       gsize length)
{
	guint64 wide = c;

	for (; length >= 8; p += 8, length -= 8) {
		guint64 word;
		memcpy(&word, p, 8);
		wide = __builtin_ia32_crc32di(wide, word);
	}
	c = (guint32)wide;
	while (length-- > 0)
		c = __builtin_ia32_crc32qi(c, *p++);
	return c;
}
#endif

guint32 crc32c_update(guint32 crc, const void *data, gsize length)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("sse4.2"))
		return ~update_by_instruction(~crc, data, length);
#endif
	if (table[0][1] == 0)
		fill_table();
	return ~update_by_table(~crc, data, length);
}
