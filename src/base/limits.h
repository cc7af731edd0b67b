/*
 * limits.h: every limit of the formats and of the door, in one place.
 *
 * mailchute-queue(5) and mailchute-submit(5) list them; tests/t0002 compares. A limit that an admin
 * may change is a config key and only its default stands here.
 */
#pragma once

#define MCH_LIMIT_HEADER_BLOCK	 (1024 * 1024) /* bytes of the header block of a message */
#define MCH_LIMIT_ADDRESS	 1000  /* bytes of an address with its display name removed */
#define MCH_LIMIT_LOCAL_PART	 256   /* RFC 5321 4.5.3.1.1 says 64; real ones are longer */
#define MCH_LIMIT_DOMAIN	 255   /* RFC 5321 4.5.3.1.2 */
#define MCH_LIMIT_MAILBOX	 512   /* local part, "@" and domain together */
#define MCH_LIMIT_RECIPIENTS	 20000 /* recipients of one message */
#define MCH_LIMIT_OPTION	 1024  /* bytes of one option record or opt line */
#define MCH_LIMIT_MESSAGE	 (100 * 1024 * 1024) /* default of max-size: bytes of a message */
#define MCH_LIMIT_RECEIVED	 100 /* Received fields before it is a loop (RFC 5321 6.3) */
#define MCH_LIMIT_LINE		 998 /* bytes of a line on the wire without CRLF (RFC 5322 2.1.1) */
#define MCH_LIMIT_REPLY		 900 /* bytes of a relay's reply that are kept */
#define MCH_LIMIT_CLIENT_SILENCE 300 /* seconds without a byte before a client is dropped */
#define MCH_LIMIT_RECEIVES	 16  /* receives at work at once */
#define MCH_LIMIT_FRONT_BUFFER	 (1024 * 1024) /* input that the front end holds before it connects */
