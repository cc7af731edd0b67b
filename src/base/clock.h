/*
 * clock.h: the two clocks. Wall time goes into files and logs; the other one measures.
 */
#pragma once
#include <glib.h>

/* Seconds since 1970 (CLOCK_REALTIME): may jump in both directions; never used for a deadline. */
gint64 clock_wall_seconds(void);

/* Milliseconds of CLOCK_BOOTTIME: never jumps, counts suspend; for deadlines and back-off. */
gint64 clock_boot_ms(void);
