/*
 * spool-format.c: prints and reads the header of a queue file; see spool-format.h.
 *
 * Printed by receive and bounce, read by mailchuted and deliver. Reads with pread only and changes
 * nothing. What a crash left half-written is not in queue/ (spool-commit.c); what damage did to a
 * file is found here by length and, on delivery, by checksum.
 */
#include "config.h"
#include "spool/spool-format.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/limits.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* Envelope lines of the largest message that may be submitted, with room for options. */
#define HEADER_MAX ((gsize)MCH_LIMIT_RECIPIENTS * (MCH_LIMIT_ADDRESS + 8) + 64 * 1024)
#define READ_STEP  4096
#define SIZE_LINE  "size %020" G_GUINT64_FORMAT "\n"
#define SUM_LINE   "sum  %016x\n"

static void free_recipient(gpointer data)
{
	MchSpoolRecipient *recipient = data;

	g_free(recipient->address);
	g_clear_pointer(&recipient->options, g_ptr_array_unref);
	g_free(recipient);
}

MchSpoolHeader *spool_header_new(const char *id, gint64 time, guint32 uid)
{
	MchSpoolHeader *header = g_new0(MchSpoolHeader, 1);

	header->id = g_strdup(id);
	header->time = time;
	header->uid = uid;
	header->options = g_ptr_array_new_with_free_func(g_free);
	header->recipients = g_ptr_array_new_with_free_func(free_recipient);
	return header;
}

void spool_header_free(MchSpoolHeader *header)
{
	if (!header)
		return;
	g_free(header->id);
	g_free(header->from);
	g_ptr_array_unref(header->options);
	g_ptr_array_unref(header->recipients);
	g_free(header);
}

void spool_header_add_recipient(MchSpoolHeader *header, const char *address, GPtrArray *options)
{
	MchSpoolRecipient *recipient = g_new0(MchSpoolRecipient, 1);

	recipient->address = g_strdup(address);
	recipient->options = options;
	g_ptr_array_add(header->recipients, recipient);
}

const char *spool_option(const GPtrArray *options, const char *name)
{
	gsize n = strlen(name);

	for (guint i = 0; options && i < options->len; i++) {
		const char *option = options->pdata[i];
		if (strncmp(option, name, n) == 0 && (option[n] == ' ' || option[n] == '\0'))
			return option[n] ? option + n + 1 : "";
	}
	return NULL;
}

gboolean spool_id_is_valid(const char *id)
{
	gsize n = strlen(id);

	if (n < 1 || n > 63 || id[0] == '.')
		return FALSE;
	for (gsize i = 0; i < n; i++)
		if (!g_ascii_isalnum(id[i]) && id[i] != '.' && id[i] != '-')
			return FALSE;
	return TRUE;
}

static void print_options(GString *text, const char *word, const GPtrArray *options)
{
	for (guint i = 0; options && i < options->len; i++)
		g_string_append_printf(text, "%s %s\n", word, (const char *)options->pdata[i]);
}

GString *spool_format_print(MchSpoolHeader *header)
{
	GString *text = g_string_new(MCH_SPOOL_MAGIC "\n");

	g_string_append_printf(text, "id %s\ntime %" G_GINT64_FORMAT "\nuid %u\nfrom %s\n",
			       header->id, header->time, header->uid, header->from);
	print_options(text, "opt", header->options);
	for (guint i = 0; i < header->recipients->len; i++) {
		const MchSpoolRecipient *recipient = header->recipients->pdata[i];
		print_options(text, "rcpt-opt", recipient->options);
		g_string_append_printf(text, "rcpt %s\n", recipient->address);
	}
	g_string_append_printf(text, SIZE_LINE SUM_LINE "\n", header->size, header->sum);
	header->body_offset = (off_t)text->len;
	return text;
}

GString *spool_format_print_size(const MchSpoolHeader *header, off_t *ret_offset)
{
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, SIZE_LINE SUM_LINE, header->size, header->sum);
	*ret_offset = header->body_offset - 1 - (off_t)text->len;
	return text;
}

static gboolean damaged(GError **error, const char *why)
{
	g_set_error(error, MCH_FORMAT_ERROR, MCH_FORMAT_ERROR_DAMAGED, "queue file: %s", why);
	return FALSE;
}

/* Reads until the empty line that ends the envelope, or fails; *@text then ends with that line. */
static gboolean read_envelope(int fd, GString *text, GError **error)
{
	for (;;) {
		gsize had = text->len;
		g_string_set_size(text, had + READ_STEP);
		gssize n = fd_pread(fd, text->str + had, READ_STEP, (off_t)had, error);
		if (n < 0)
			return FALSE;
		g_string_truncate(text, had + (gsize)n);
		gsize from = had > 0 ? had - 1 : 0;
		const char *end = memmem(text->str + from, text->len - from, "\n\n", 2);
		if (end) {
			g_string_truncate(text, (gsize)(end - text->str) + 2);
			return memchr(text->str, '\0', text->len)
				       ? damaged(error, "NUL in the envelope")
				       : TRUE;
		}
		if (n == 0)
			return damaged(error, "ends inside the envelope");
		if (text->len > HEADER_MAX)
			return damaged(error, "envelope has no end");
	}
}

static gboolean parse_number(const char *text, int base, guint64 max, guint64 *ret_number)
{
	return g_ascii_string_to_unsigned(text, (guint)base, 0, max, ret_number, NULL);
}

typedef struct {
	MchSpoolHeader *header;
	GPtrArray *options; /* rcpt-opt lines since the last rcpt line */
	guint seen;	    /* bit i: the line of fields[i] was there */
} Parser;

static gboolean take_id(Parser *p, const char *value)
{
	g_free(p->header->id);
	p->header->id = g_strdup(value);
	return spool_id_is_valid(value);
}

static gboolean take_time(Parser *p, const char *value)
{
	guint64 number = 0;
	gboolean ok = parse_number(value, 10, G_MAXINT64, &number);

	p->header->time = (gint64)number;
	return ok;
}

static gboolean take_uid(Parser *p, const char *value)
{
	guint64 number = 0;
	gboolean ok = parse_number(value, 10, G_MAXUINT32, &number);

	p->header->uid = (guint32)number;
	return ok;
}

static gboolean take_from(Parser *p, const char *value)
{
	g_free(p->header->from);
	p->header->from = g_strdup(value);
	return TRUE;
}

static gboolean take_option(Parser *p, const char *value)
{
	g_ptr_array_add(p->header->options, g_strdup(value));
	return *value != '\0';
}

static gboolean take_recipient_option(Parser *p, const char *value)
{
	if (!p->options)
		p->options = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(p->options, g_strdup(value));
	return *value != '\0';
}

static gboolean take_recipient(Parser *p, const char *value)
{
	if (*value == '\0' || p->header->recipients->len >= MCH_LIMIT_RECIPIENTS)
		return FALSE;
	spool_header_add_recipient(p->header, value, g_steal_pointer(&p->options));
	return TRUE;
}

static gboolean take_size(Parser *p, const char *value)
{
	return strlen(value) == 20 && parse_number(value, 10, G_MAXINT64, &p->header->size);
}

static gboolean take_sum(Parser *p, const char *value)
{
	guint64 number = 0;
	gboolean ok = *value == ' ' && strlen(value) == 17 &&
		      parse_number(value + 1, 16, G_MAXUINT32, &number);

	p->header->sum = (guint32)number;
	return ok;
}

static const struct {
	const char *name;
	gboolean (*take)(Parser *parser, const char *value);
	gboolean once;
} fields[] = {
	{ "id", take_id, TRUE },
	{ "time", take_time, TRUE },
	{ "uid", take_uid, TRUE },
	{ "from", take_from, TRUE },
	{ "rcpt", take_recipient, FALSE },
	{ "size", take_size, TRUE },
	{ "sum", take_sum, TRUE },
	{ "opt", take_option, FALSE },
	{ "rcpt-opt", take_recipient_option, FALSE },
};
#define NEEDED_FIELDS 0x7fu /* all up to sum; the options may be missing */

static gboolean parse_line(Parser *parser, const char *line, GError **error)
{
	const char *space = strchrnul(line, ' ');
	gsize n = (gsize)(space - line);

	if (g_str_has_prefix(line, "x-"))
		return TRUE; /* a later version's; not ours to judge */
	for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
		if (strlen(fields[i].name) != n || strncmp(fields[i].name, line, n) != 0)
			continue;
		if (fields[i].once && parser->seen & 1u << i)
			return damaged(error, "an envelope line stands twice");
		parser->seen |= 1u << i;
		return fields[i].take(parser, *space ? space + 1 : "") ||
		       damaged(error, "an envelope line has a value that it cannot have");
	}
	return damaged(error, "unknown envelope line");
}

static gboolean check_magic(const char *line, GError **error)
{
	if (strcmp(line, MCH_SPOOL_MAGIC) == 0)
		return TRUE;
	if (!g_str_has_prefix(line, "mailchute-queue "))
		return damaged(error, "does not begin with \"" MCH_SPOOL_MAGIC "\"");
	g_set_error(error, MCH_FORMAT_ERROR, MCH_FORMAT_ERROR_VERSION,
		    "queue file: written by another version of mailchute");
	return FALSE;
}

static gboolean parse_envelope(Parser *parser, char *text, GError **error)
{
	char *line = text;

	for (gboolean first = TRUE; *line != '\n'; first = FALSE) {
		char *end = strchr(line, '\n'); /* the text ends with an empty line */
		*end = '\0';
		if (first ? !check_magic(line, error) : !parse_line(parser, line, error))
			return FALSE;
		line = end + 1;
	}
	if ((parser->seen & NEEDED_FIELDS) != NEEDED_FIELDS || parser->options)
		return damaged(error, "an envelope line is missing");
	return TRUE;
}

MchSpoolHeader *spool_format_read(int fd, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(MchSpoolHeader) header = spool_header_new("", 0, 0);
	Parser parser = { .header = header };
	struct stat status;

	if (!read_envelope(fd, text, error))
		return NULL;
	header->body_offset = (off_t)text->len;
	gboolean ok = parse_envelope(&parser, text->str, error);
	g_clear_pointer(&parser.options, g_ptr_array_unref);
	if (!ok)
		return NULL;
	if (fstat(fd, &status) < 0) {
		error_set_system(error, errno, "fstat queue file");
		return NULL;
	}
	if ((guint64)status.st_size < (guint64)header->body_offset + header->size) {
		damaged(error, "shorter than its size line says");
		return NULL;
	}
	return g_steal_pointer(&header);
}

gboolean spool_format_check_sum(int fd, const MchSpoolHeader *header, GError **error)
{
	char block[64 * 1024];
	guint32 sum = 0;
	guint64 done = 0;

	while (done < header->size) {
		gssize n = fd_pread(fd, block, MIN(sizeof block, header->size - done),
				    header->body_offset + (off_t)done, error);
		if (n < 0)
			return FALSE;
		if (n == 0)
			return damaged(error, "became shorter while it was read");
		sum = crc32c_update(sum, block, (gsize)n);
		done += (guint64)n;
	}
	return sum == header->sum || damaged(error, "the message does not match its checksum");
}
