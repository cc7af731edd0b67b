/*
 * manager.c: see manager.h. What is due goes to an idle session, or to a new one when the relay is
 * worth a try; the rest is a timer. Held by main.c; knows no message text and no secret.
 *
 * Nothing in memory is worth keeping over a crash: recover.c rebuilds it from the spool.
 */
#include "config.h"
#include "queue/manager.h"
#include "base/clock.h"
#include "base/log.h"
#include "queue/control-server.h"
#include "queue/door.h"
#include "queue/recover.h"
#include "queue/session.h"
#include "queue/template.h"
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_SESSIONS	 2
#define CONFIG_WATCH_SEC 5

MchManager *manager_new(void)
{
	MchManager *manager = g_new0(MchManager, 1);
	char host[256] = "localhost";

	(void)gethostname(host, sizeof host - 1);
	manager->host = g_strdup(host);
	manager->schedule = schedule_new();
	manager->sessions = g_ptr_array_new();
	manager->config = config_defaults();
	manager->linger = TRUE;
	relay_state_init(&manager->relay);
	manager->loop = g_main_loop_new(NULL, FALSE);
	return manager;
}

static void drop_source(guint *source)
{
	if (*source)
		g_source_remove(*source);
	*source = 0;
}

void manager_free(MchManager *manager)
{
	drop_source(&manager->dispatch_source);
	drop_source(&manager->timer_source);
	drop_source(&manager->watch_source);
	session_abandon_all(manager);
	control_server_free(manager->control);
	door_free(manager->door);
	template_free(manager->template);
	relay_state_clear(&manager->relay);
	schedule_free(manager->schedule);
	g_ptr_array_unref(manager->sessions);
	spool_free(manager->spool);
	config_free(manager->config);
	g_main_loop_unref(manager->loop);
	g_free(manager->config_path);
	g_free(manager->spool_path);
	g_free(manager->socket_dir);
	g_free(manager->host);
	g_free(manager->config_trouble);
	g_free(manager->config_stamp);
	g_free(manager);
}

static void add_stamp(GString *stamp, const char *path)
{
	struct stat status;

	if (!path || stat(path, &status) < 0)
		g_string_append(stamp, "-;");
	else
		g_string_append_printf(stamp, "%llu.%lld.%ld.%lld.%o;",
				       (unsigned long long)status.st_ino,
				       (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
				       (long long)status.st_size, (guint)status.st_mode);
}

/* How the config and the files that it names look now. */
static char *take_stamp(const MchManager *manager)
{
	GString *stamp = g_string_new(NULL);

	add_stamp(stamp, manager->config_path);
	add_stamp(stamp, manager->config->password_file);
	add_stamp(stamp, manager->config->ca_file);
	return g_string_free(stamp, FALSE);
}

void manager_load_config(MchManager *manager)
{
	g_autoptr(GError) error = NULL;
	MchConfig *config = config_load(manager->config_path, NULL, &error);

	g_clear_pointer(&manager->config_trouble, g_free);
	if (config) {
		config_free(manager->config);
		manager->config = config;
	} else {
		/* What stood before stays in force; the first time that is the defaults. */
		manager->config_trouble = g_strdup(error->message);
		log_warning(NULL, "ALARM config cannot be used, mail waits in %s: %s",
			    manager->spool_path, error->message);
	}
	relay_state_set_retry(&manager->relay, manager->config->retry_min,
			      manager->config->retry_max);
	g_free(manager->config_stamp);
	manager->config_stamp = take_stamp(manager);
}

gint64 manager_backoff_ms(const MchManager *manager, guint attempts)
{
	return schedule_backoff_ms(attempts, manager->relay.retry_min_ms,
				   manager->relay.retry_max_ms);
}

static gboolean belongs_to(const MchEntry *entry, gpointer uid)
{
	return entry->uid == *(const guint32 *)uid;
}

void manager_flush(MchManager *manager, const guint32 *uid)
{
	schedule_make_due(manager->schedule, clock_boot_ms(), uid ? belongs_to : NULL,
			  (gpointer)uid);
	relay_state_wake(&manager->relay);
	manager_kick(manager);
}

static gboolean look_at_config(gpointer data)
{
	MchManager *manager = data;
	g_autofree char *stamp = take_stamp(manager);

	if (schedule_count_unfinished(manager->schedule) == 0) {
		manager->watch_source = 0;
		return G_SOURCE_REMOVE;
	}
	if (strcmp(stamp, manager->config_stamp) != 0) {
		manager_load_config(manager);
		session_stop_all(manager); /* they read the config when they were started */
		manager_flush(manager, NULL);
	}
	return G_SOURCE_CONTINUE;
}

static gboolean on_timer(gpointer data)
{
	MchManager *manager = data;

	manager->timer_source = 0;
	manager_kick(manager);
	return G_SOURCE_REMOVE;
}

/* Wakes the loop when the next thing can happen by itself. */
static void arm_timer(MchManager *manager, gint64 now)
{
	const MchEntry *first = schedule_first(manager->schedule);
	gint64 when;

	drop_source(&manager->timer_source);
	if (!first)
		return;
	when = first->due;
	if (manager->relay.condition == MCH_RELAY_DOWN)
		when = MAX(when, manager->relay.next_try);
	else if (when <= now)
		return; /* all sessions are busy, or one is dialling: their next word wakes us */
	manager->timer_source = g_timeout_add((guint)CLAMP(when - now, 1, 3600 * 1000), on_timer,
					      manager);
}

static gboolean may_start_session(MchManager *manager, gint64 now)
{
	return manager->sessions->len < MAX_SESSIONS && !session_any_starting(manager) &&
	       relay_state_may_start(&manager->relay, now);
}

static void start_session(MchManager *manager, gint64 now)
{
	g_autoptr(GError) error = NULL;

	if (session_start(manager, &error))
		return;
	if (relay_state_note_trouble(&manager->relay, now, "config", error->message))
		log_warning(NULL, "ALARM cannot start a session: %s", error->message);
}

static void feed_due(MchManager *manager, gint64 now)
{
	MchEntry *first;

	while ((first = schedule_first(manager->schedule)) && first->due <= now) {
		MchSession *session = session_find_idle(manager);
		if (!session)
			break;
		session_feed(session, first);
	}
	if (first && first->due <= now && may_start_session(manager, now))
		start_session(manager, now);
}

static gboolean is_quiet(const MchManager *manager)
{
	return manager->sessions->len == 0 && manager->n_reports == 0 && manager->n_orphans == 0 &&
	       !door_is_busy(manager->door) && !control_server_is_busy(manager->control);
}

static gboolean has_nothing_to_do(const MchManager *manager)
{
	if (!is_quiet(manager))
		return FALSE;
	if (schedule_count_unfinished(manager->schedule) == 0)
		return TRUE;
	return !manager->linger && manager->relay.condition == MCH_RELAY_DOWN;
}

/*
 * With `once`: closes the door and ends, unless somebody came in at that moment: whoever had
 * connected is served, whoever comes later finds no socket and starts the next manager.
 */
static void consider_end(MchManager *manager)
{
	if (!manager->once || !has_nothing_to_do(manager))
		return;
	if (door_close(manager->door) && has_nothing_to_do(manager)) {
		g_main_loop_quit(manager->loop);
		return;
	}
	g_autoptr(GError) error = NULL;
	if (!door_open_again(manager->door, &error))
		log_warning(NULL, "cannot listen again: %s", error->message);
}

static gboolean dispatch(gpointer data)
{
	MchManager *manager = data;
	gint64 now = clock_boot_ms();

	manager->dispatch_source = 0;
	if (manager->stopping)
		return G_SOURCE_REMOVE;
	feed_due(manager, now);
	arm_timer(manager, now);
	if (!manager->watch_source && schedule_count_unfinished(manager->schedule) > 0)
		manager->watch_source = g_timeout_add_seconds(CONFIG_WATCH_SEC, look_at_config,
							      manager);
	consider_end(manager);
	return G_SOURCE_REMOVE;
}

void manager_kick(MchManager *manager)
{
	if (!manager->dispatch_source && !manager->stopping)
		manager->dispatch_source = g_idle_add_full(G_PRIORITY_DEFAULT, dispatch, manager,
							   NULL);
}

void manager_stop(MchManager *manager)
{
	if (manager->stopping)
		return;
	manager->stopping = TRUE;
	(void)door_close(manager->door);
	session_stop_all(manager);
	if (!door_is_busy(manager->door))
		g_main_loop_quit(manager->loop);
}

void manager_run(MchManager *manager)
{
	manager_kick(manager);
	g_main_loop_run(manager->loop);
}
