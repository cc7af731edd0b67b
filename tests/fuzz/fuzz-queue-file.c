/*
 * fuzz-queue-file.c: any bytes as a queue file: header, journal and checksum are read or refused,
 * and a header that was read prints and reads back as the same.
 */
#include "config.h"
#include "base/fd.h"
#include "spool/spool-format.h"
#include "spool/spool-journal.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int make_file(const void *data, size_t size)
{
	int fd = memfd_create("queue-file", MFD_CLOEXEC);

	if (fd < 0 || !fd_write_all(fd, data, size, NULL))
		abort();
	return fd;
}

static void check_round_trip(MchSpoolHeader *header)
{
	guint64 size = header->size;

	header->size = 0; /* the copy has no message behind it */
	g_autoptr(GString) text = spool_format_print(header);
	mch_autofd int fd = make_file(text->str, text->len);
	g_autoptr(MchSpoolHeader) back = spool_format_read(fd, NULL);
	if (!back || strcmp(back->from, header->from) != 0 ||
	    back->recipients->len != header->recipients->len ||
	    back->options->len != header->options->len || back->uid != header->uid)
		abort();
	header->size = size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	mch_autofd int fd = make_file(data, size);
	g_autoptr(MchSpoolHeader) header = spool_format_read(fd, NULL);

	if (!header)
		return 0;
	(void)spool_format_check_sum(fd, header, NULL);
	g_autoptr(MchJournal) journal = spool_journal_read(fd, header, NULL);
	for (guint i = 0; journal && i < journal->targets->len; i++) {
		const MchTarget *target = journal->targets->pdata[i];
		if (target->rcpt == 0 || target->rcpt > header->recipients->len)
			abort();
	}
	check_round_trip(header);
	return 0;
}
