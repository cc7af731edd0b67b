/*
 * fuzz-submit.c: any bytes as a client of mailchute-receive: either a queue file that verifies, or a
 * refusal; never a file that says "complete" and is not.
 */
#include "config.h"
#include "base/fd.h"
#include "base/text-safe.h"
#include "receive/receive.h"
#include "spool/spool-format.h"
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const MchReceiveJob job = { .id = "A", .time = 1, .uid = 7, .host = "h", .max_size = 4096 };
	mch_autofd int client = memfd_create("client", MFD_CLOEXEC); /* ends where the bytes end */
	mch_autofd int file = memfd_create("queue-file", MFD_CLOEXEC);

	if (client < 0 || file < 0 || !fd_write_all(client, data, size, NULL) ||
	    lseek(client, 0, SEEK_SET) != 0)
		abort();
	if (!receive_message(&job, client, file, NULL))
		return 0;
	g_autoptr(MchSpoolHeader) header = spool_format_read(file, NULL);
	if (!header || header->uid != 7 || !spool_format_check_sum(file, header, NULL))
		abort();
	for (guint i = 0; i < header->recipients->len; i++) {
		const MchSpoolRecipient *recipient = header->recipients->pdata[i];
		if (text_has_control(recipient->address, -1))
			abort();
	}
	return 0;
}
