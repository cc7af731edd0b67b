/*
 * crc32c.h: the checksum of queue files and journal lines (CRC-32C, RFC 3720 appendix B.4).
 * It finds damage, not malice: whoever can write the queue can write the sum.
 */
#pragma once
#include <glib.h>

/* The sum of @data appended to what @crc stands for; start with 0. */
guint32 crc32c_update(guint32 crc, const void *data, gsize length);
