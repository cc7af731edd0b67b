/*
 * judge.c: cuts the power at every point of a recorded run and looks at what the disk may hold.
 *
 * Usage: crash-judge SPOOL TRACE, with a trace made by shim.c. The file system is replayed as two
 * things that a power cut loses apart from each other: the bytes of files (durable at fdatasync)
 * and the entries of directories (durable at the directory's fsync). After each record four disks
 * are possible: entries as last synced or as they are, bytes as last synced or as they are. On each:
 *   1. what was acknowledged (K) and not yet unlinked is there under its name, whole, its checksum
 *      right;
 *   2. what was unlinked and comes back is explained by a session log that has its dot;
 *   3. a final dot never went out before its `dot` line was durable.
 * Prints TAP: how many records, how many disks, and each violation with the record behind which the
 * power went. Never touches the real spool.
 */
#include "config.h"
#include "base/fd.h"
#include "spool/session-log.h"
#include "spool/spool-format.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
	GByteArray *now;
	GByteArray *durable; /* NULL: never synced */
} File;

typedef struct {
	GHashTable *now; /* name -> inode (gulong in a pointer) */
	GHashTable *durable;
} Directory;

typedef struct {
	GHashTable *files; /* inode -> File */
	Directory queue, sessions, tmp;
	gulong queue_inode, sessions_inode, tmp_inode;
	GHashTable *acknowledged; /* id */
	GHashTable *unlinked;	  /* id */
	guint n_dots_sent;	  /* final dots on the wire */
	guint n_records, n_disks, n_violations;
	gboolean entries_now, bytes_now; /* which of the four disks is looked at */
} Judge;

static gpointer key(gulong inode)
{
	return GSIZE_TO_POINTER(inode);
}

static void free_file(gpointer data)
{
	File *file = data;

	g_byte_array_unref(file->now);
	if (file->durable)
		g_byte_array_unref(file->durable);
	g_free(file);
}

static void init_directory(Directory *directory)
{
	directory->now = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	directory->durable = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static Directory *find_directory(Judge *judge, gulong inode)
{
	if (inode == judge->queue_inode)
		return &judge->queue;
	if (inode == judge->sessions_inode)
		return &judge->sessions;
	return inode == judge->tmp_inode ? &judge->tmp : NULL;
}

static gulong inode_of(const char *spool, const char *name)
{
	g_autofree char *path = g_build_filename(spool, name, NULL);
	struct stat status;

	if (stat(path, &status) < 0) {
		printf("Bail out! no %s\n", path);
		exit(99);
	}
	return status.st_ino;
}

static void violate(Judge *judge, const char *what, const char *id)
{
	judge->n_violations++;
	printf("# power cut behind record %u (%s entries, %s bytes): %s %s\n", judge->n_records,
	       judge->entries_now ? "unsynced" : "synced", judge->bytes_now ? "unsynced" : "synced",
	       what, id);
}

/* --- the disk that is looked at ------------------------------------------------------------ */

static GHashTable *entries(const Judge *judge, const Directory *directory)
{
	return judge->entries_now ? directory->now : directory->durable;
}

/* The bytes under @name as a file of our own, or -1. */
static int open_copy(const Judge *judge, const Directory *directory, const char *name)
{
	gpointer inode;

	if (!g_hash_table_lookup_extended(entries(judge, directory), name, NULL, &inode))
		return -1;
	const File *file = g_hash_table_lookup(judge->files, inode);
	const GByteArray *bytes = !file ? NULL : judge->bytes_now ? file->now : file->durable;
	int fd = memfd_create("copy", MFD_CLOEXEC);
	if (bytes && bytes->len > 0 && !fd_write_all(fd, bytes->data, bytes->len, NULL))
		abort();
	return fd;
}

static gboolean is_whole(const Judge *judge, const char *id)
{
	mch_autofd int fd = open_copy(judge, &judge->queue, id);
	g_autoptr(MchSpoolHeader) header = fd < 0 ? NULL : spool_format_read(fd, NULL);

	return header && strcmp(header->id, id) == 0 && spool_format_check_sum(fd, header, NULL);
}

/* Dots in all session logs of this disk; *@ret_has says whether one of them is for @id. */
static guint count_dots(const Judge *judge, const char *id, gboolean *ret_has)
{
	GHashTableIter iter;
	gpointer name;
	guint dots = 0;

	*ret_has = FALSE;
	g_hash_table_iter_init(&iter, entries(judge, &judge->sessions));
	while (g_hash_table_iter_next(&iter, &name, NULL)) {
		mch_autofd int fd = open_copy(judge, &judge->sessions, name);
		g_autoptr(GPtrArray) events = session_log_read(fd, NULL);
		for (guint i = 0; events && i < events->len; i++) {
			const MchSessionEvent *event = events->pdata[i];
			if (event->fate == MCH_FATE_UNTRIED)
				continue;
			dots++;
			*ret_has |= id && strcmp(event->id, id) == 0;
		}
	}
	return dots;
}

static void look_at_disk(Judge *judge)
{
	GHashTableIter iter;
	gpointer id;
	gboolean has;

	judge->n_disks++;
	g_hash_table_iter_init(&iter, judge->acknowledged);
	while (g_hash_table_iter_next(&iter, &id, NULL)) {
		if (!g_hash_table_contains(judge->unlinked, id)) {
			if (!is_whole(judge, id))
				violate(judge, "LOST: acknowledged, and not whole in queue/:", id);
			continue;
		}
		if (!g_hash_table_contains(entries(judge, &judge->queue), id))
			continue;
		(void)count_dots(judge, id, &has);
		if (!has)
			violate(judge, "TWICE: unlinked, back again, and no log knows of it:", id);
	}
}

static void look_at_all_disks(Judge *judge)
{
	for (guint i = 0; i < 4; i++) {
		judge->entries_now = i & 1;
		judge->bytes_now = (i & 2) != 0;
		look_at_disk(judge);
	}
}

/* --- the records --------------------------------------------------------------------------- */

static File *get_file(Judge *judge, gulong inode)
{
	File *file = g_hash_table_lookup(judge->files, key(inode));

	if (!file) {
		file = g_new0(File, 1);
		file->now = g_byte_array_new();
		g_hash_table_insert(judge->files, key(inode), file);
	}
	return file;
}

static void copy_entry(gpointer name, gpointer inode, gpointer table)
{
	g_hash_table_insert(table, g_strdup(name), inode);
}

static void sync_directory(Directory *directory)
{
	g_hash_table_remove_all(directory->durable);
	g_hash_table_foreach(directory->now, copy_entry, directory->durable);
}

static void do_create(Judge *judge, char **field)
{
	Directory *directory = find_directory(judge, strtoul(field[1], NULL, 10));
	gulong inode = strtoul(field[3], NULL, 10);

	if (!directory)
		return;
	g_hash_table_remove(judge->files, key(inode)); /* numbers are used again */
	(void)get_file(judge, inode);
	g_hash_table_insert(directory->now, g_strdup(field[2]), key(inode));
}

static void do_truncate(Judge *judge, char **field)
{
	g_byte_array_set_size(get_file(judge, strtoul(field[1], NULL, 10))->now,
			      (guint)strtoul(field[2], NULL, 10));
}

static void do_sync(Judge *judge, char **field)
{
	File *file = get_file(judge, strtoul(field[1], NULL, 10));

	if (file->durable)
		g_byte_array_unref(file->durable);
	file->durable = g_byte_array_new();
	g_byte_array_append(file->durable, file->now->data, file->now->len);
}

static void do_sync_directory(Judge *judge, char **field)
{
	Directory *directory = find_directory(judge, strtoul(field[1], NULL, 10));

	if (directory)
		sync_directory(directory);
}

static void do_rename(Judge *judge, char **field)
{
	Directory *from = find_directory(judge, strtoul(field[1], NULL, 10));
	Directory *to = find_directory(judge, strtoul(field[3], NULL, 10));
	gpointer inode = from ? g_hash_table_lookup(from->now, field[2]) : NULL;

	if (!inode || !to)
		return;
	g_hash_table_insert(to->now, g_strdup(field[4]), inode);
	g_hash_table_remove(from->now, field[2]);
}

static void do_unlink(Judge *judge, char **field)
{
	Directory *directory = find_directory(judge, strtoul(field[1], NULL, 10));

	if (directory)
		g_hash_table_remove(directory->now, field[2]);
	if (directory == &judge->queue)
		g_hash_table_add(judge->unlinked, g_strdup(field[2]));
}

/* "K 7:4QxJ2mZ," as it stood in the socket. */
static void do_acknowledge(Judge *judge, char **field)
{
	const char *colon = strchr(field[1], ':');
	gsize n = colon ? strcspn(colon + 1, ",") : 0;

	if (n > 0)
		g_hash_table_add(judge->acknowledged, g_strndup(colon + 1, n));
}

static void do_final_dot(Judge *judge, char **field)
{
	gboolean has;

	(void)field;
	judge->n_dots_sent++;
	judge->entries_now = judge->bytes_now = FALSE;
	/* Logs of ended sessions are removed: so only "at least one" holds at any time. */
	if (count_dots(judge, NULL, &has) == 0)
		violate(judge, "UNMARKED: a final dot went out and no dot is durable", "");
}

static const struct {
	char letter;
	guint n_fields;
	void (*run)(Judge *judge, char **field);
} verbs[] = {
	{ 'C', 4, do_create },	       { 'T', 3, do_truncate },	 { 'S', 2, do_sync },
	{ 'D', 2, do_sync_directory }, { 'R', 5, do_rename },	 { 'U', 3, do_unlink },
	{ 'K', 2, do_acknowledge },    { 'N', 1, do_final_dot },
};

/* "W INODE OFFSET LENGTH " and then the bytes. Returns how much of @text it is. */
static gsize take_write(Judge *judge, const char *text)
{
	gulong inode;
	long long offset;
	gsize length;
	int head = 0;

	if (sscanf(text, "W %lu %lld %zu %n", &inode, &offset, &length, &head) < 3)
		return strlen(text);
	/* sscanf's %n skips blanks of the data as well: the header ends at the fourth one. */
	const char *data = text;
	for (int blanks = 0; blanks < 4; data++)
		blanks += *data == ' ';
	File *file = get_file(judge, inode);
	gsize end = (gsize)offset + length;
	if (file->now->len < end)
		g_byte_array_set_size(file->now, (guint)end);
	memcpy(file->now->data + offset, data, length);
	return (gsize)(data - text) + length + 1;
}

static gsize take_line(Judge *judge, const char *text)
{
	gsize length = strcspn(text, "\n");
	g_autofree char *line = g_strndup(text, length);
	g_auto(GStrv) field = g_strsplit(line, " ", 6);

	for (guint i = 0; i < G_N_ELEMENTS(verbs); i++)
		if (verbs[i].letter == line[0] && g_strv_length(field) >= verbs[i].n_fields)
			verbs[i].run(judge, field);
	return length + 1;
}

static void replay(Judge *judge, const char *text, gsize length)
{
	gsize at = 0;

	while (at < length) {
		judge->n_records++;
		at += text[at] == 'W' ? take_write(judge, text + at) : take_line(judge, text + at);
		look_at_all_disks(judge);
	}
}

int main(int argc, char **argv)
{
	Judge judge = { 0 };
	g_autofree char *text = NULL;
	gsize length;

	if (argc != 3 || !g_file_get_contents(argv[2], &text, &length, NULL)) {
		printf("Bail out! usage: crash-judge SPOOL TRACE\n");
		return 99;
	}
	judge.files = g_hash_table_new_full(NULL, NULL, NULL, free_file);
	init_directory(&judge.queue);
	init_directory(&judge.sessions);
	init_directory(&judge.tmp);
	judge.queue_inode = inode_of(argv[1], "queue");
	judge.sessions_inode = inode_of(argv[1], "sessions");
	judge.tmp_inode = inode_of(argv[1], "tmp");
	judge.acknowledged = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	judge.unlinked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	replay(&judge, text, length);
	printf("# %u records, %u disks looked at, %u acknowledged, %u final dots, %u violations\n",
	       judge.n_records, judge.n_disks, g_hash_table_size(judge.acknowledged),
	       judge.n_dots_sent, judge.n_violations);
	if (g_hash_table_size(judge.acknowledged) == 0) {
		printf("# nothing was acknowledged: this run proves nothing\n");
		return 2;
	}
	return judge.n_violations > 0;
}
