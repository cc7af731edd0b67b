/*
 * schedule.c: see schedule.h. Nothing here survives a crash and nothing needs to: it is rebuilt
 * from the queue files at start.
 */
#include "config.h"
#include "queue/schedule.h"
#include <string.h>

struct MchSchedule {
	GHashTable *by_id;  /* id -> MchEntry; owns the entries */
	GSequence *waiting; /* MchEntry by due time */
	guint unfinished;
};

static void free_entry(gpointer data)
{
	MchEntry *entry = data;

	g_free(entry->why);
	g_free(entry);
}

MchSchedule *schedule_new(void)
{
	MchSchedule *schedule = g_new0(MchSchedule, 1);

	schedule->by_id = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_entry);
	schedule->waiting = g_sequence_new(NULL);
	return schedule;
}

void schedule_free(MchSchedule *schedule)
{
	g_sequence_free(schedule->waiting);
	g_hash_table_unref(schedule->by_id);
	g_free(schedule);
}

/* By due time; ties go to the older id, so that nothing is overtaken by chance. */
static int compare(gconstpointer a, gconstpointer b, gpointer data)
{
	const MchEntry *x = a, *y = b;

	(void)data;
	if (x->due != y->due)
		return x->due < y->due ? -1 : 1;
	return strcmp(x->id, y->id);
}

static gboolean is_unfinished(guint8 state)
{
	return state != MCH_ENTRY_FAILED;
}

MchEntry *schedule_add(MchSchedule *schedule, const char *id, gint64 due)
{
	gsize n = strlen(id) + 1;
	MchEntry *entry = g_malloc0(sizeof *entry + n);

	memcpy(entry->id, id, n);
	g_hash_table_replace(schedule->by_id, entry->id, entry);
	schedule->unfinished++;
	entry->due = due;
	entry->place = g_sequence_insert_sorted(schedule->waiting, entry, compare, NULL);
	return entry;
}

MchEntry *schedule_find(MchSchedule *schedule, const char *id)
{
	return g_hash_table_lookup(schedule->by_id, id);
}

static void take_out(MchSchedule *schedule, MchEntry *entry)
{
	if (entry->place)
		g_sequence_remove(entry->place);
	entry->place = NULL;
	schedule->unfinished -= is_unfinished(entry->state);
}

void schedule_remove(MchSchedule *schedule, MchEntry *entry)
{
	take_out(schedule, entry);
	g_hash_table_remove(schedule->by_id, entry->id);
}

void schedule_set_state(MchSchedule *schedule, MchEntry *entry, MchEntryState state, gint64 due)
{
	take_out(schedule, entry);
	entry->state = (guint8)state;
	schedule->unfinished += is_unfinished(entry->state);
	if (state != MCH_ENTRY_WAITING)
		return;
	entry->due = due;
	entry->place = g_sequence_insert_sorted(schedule->waiting, entry, compare, NULL);
}

MchEntry *schedule_first(MchSchedule *schedule)
{
	GSequenceIter *first = g_sequence_get_begin_iter(schedule->waiting);

	return g_sequence_iter_is_end(first) ? NULL : g_sequence_get(first);
}

void schedule_make_due(MchSchedule *schedule, gint64 due,
		       gboolean (*match)(const MchEntry *entry, gpointer data), gpointer data)
{
	GSequenceIter *next = g_sequence_get_begin_iter(schedule->waiting);

	while (!g_sequence_iter_is_end(next)) {
		MchEntry *entry = g_sequence_get(next);
		next = g_sequence_iter_next(next);
		if (entry->due > due && (!match || match(entry, data)))
			entry->due = due;
	}
	g_sequence_sort(schedule->waiting, compare, NULL);
}

guint schedule_count(const MchSchedule *schedule)
{
	return g_hash_table_size(schedule->by_id);
}

guint schedule_count_unfinished(const MchSchedule *schedule)
{
	return schedule->unfinished;
}

static int compare_ids(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *schedule_list_ids(const MchSchedule *schedule)
{
	GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter iter;
	gpointer id;

	g_hash_table_iter_init(&iter, schedule->by_id);
	while (g_hash_table_iter_next(&iter, &id, NULL))
		g_ptr_array_add(ids, g_strdup(id));
	g_ptr_array_sort(ids, compare_ids); /* an id begins with its time */
	return ids;
}

gint64 schedule_backoff_ms(guint attempts, gint64 min_ms, gint64 max_ms)
{
	gint64 ms = min_ms;

	for (guint i = 1; i < attempts && ms < max_ms; i++)
		ms *= 2;
	ms = MIN(ms, max_ms);
	return ms - ms / 10 + g_random_int_range(0, (gint32)CLAMP(ms / 5, 1, G_MAXINT32));
}
