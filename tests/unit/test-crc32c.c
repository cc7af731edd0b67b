/* test-crc32c.c: RFC 3720 appendix B.4's vectors, and pieces equal the whole. */
#include "config.h"
#include "base/crc32c.h"
#include <string.h>

static void test_vectors(void)
{
	guchar bytes[32];

	memset(bytes, 0, 32);
	g_assert_cmphex(crc32c_update(0, bytes, 32), ==, 0x8a9136aa);
	memset(bytes, 0xff, 32);
	g_assert_cmphex(crc32c_update(0, bytes, 32), ==, 0x62a8ab43);
	for (guint i = 0; i < 32; i++)
		bytes[i] = (guchar)i;
	g_assert_cmphex(crc32c_update(0, bytes, 32), ==, 0x46dd794e);
	g_assert_cmphex(crc32c_update(0, "123456789", 9), ==, 0xe3069283);
}

static void test_pieces(void)
{
	guchar bytes[999];
	guint32 whole;

	for (guint i = 0; i < sizeof bytes; i++)
		bytes[i] = (guchar)(i * 7 + i / 3);
	whole = crc32c_update(0, bytes, sizeof bytes);
	for (gsize cut = 0; cut <= sizeof bytes; cut += 13) {
		guint32 crc = crc32c_update(0, bytes, cut);
		g_assert_cmphex(crc32c_update(crc, bytes + cut, sizeof bytes - cut), ==, whole);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/crc32c/vectors", test_vectors);
	g_test_add_func("/crc32c/pieces", test_pieces);
	return g_test_run();
}
