/*
 * clock.c: see clock.h. Kept apart so that one grep finds everybody who asks for the time.
 */
#include "config.h"
#include "base/clock.h"
#include <time.h>

static gint64 read_clock(clockid_t id, gint64 per_second)
{
	struct timespec now;

	if (clock_gettime(id, &now) < 0)
		g_error("clock_gettime(%d) failed", (int)id); /* cannot happen on Linux */
	return (gint64)now.tv_sec * per_second + now.tv_nsec / (1000000000 / per_second);
}

gint64 clock_wall_seconds(void)
{
	return read_clock(CLOCK_REALTIME, 1);
}

gint64 clock_boot_ms(void)
{
	return read_clock(CLOCK_BOOTTIME, 1000);
}
