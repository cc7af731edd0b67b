/*
 * session.c: see session.h; the dialogue is spool/session-feed.h.
 *
 * The manager dies: deliver sees end of file, finishes its message, leaves its log locked until it
 * is done; recover.c of the next manager waits for that. Deliver dies: its log says which message
 * may have been accepted (dot) and what the relay said; what it held and did not dot is untried.
 */
#include "config.h"
#include "queue/session.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/text-safe.h"
#include "queue/outcome.h"
#include "queue/recover.h"
#include "queue/spawn.h"
#include "spool/session-feed.h"
#include "spool/session-log.h"
#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOCK_WAIT_MS 1000

typedef enum {
	STARTING, /* on its way to the relay */
	IDLE,
	BUSY,	/* has a message */
	ENDING, /* said trouble or bye, or was asked to stop: nothing more is fed */
} State;

struct MchSession {
	MchManager *manager;
	State state;
	int socket;
	guint source;
	int log; /* locked as long as deliver or we have it open */
	guint log_number;
	char *id;	   /* the message in hand, or NULL */
	GPtrArray *events; /* MchSessionEvent* about it */
	char *untried_why; /* why one of its recipients cannot even be tried */
	gboolean trouble;  /* it said so: its end is no surprise */
	gboolean keep_log; /* something of it could not be journalled */
};

static void free_event(gpointer data)
{
	MchSessionEvent *event = data;

	g_free(event->id);
	g_free(event->address);
	g_free(event->text);
	g_free(event);
}

static const char *relay_name(const MchManager *manager)
{
	return manager->config->host;
}

/* --- what deliver says --------------------------------------------------------------------- */

static MchSessionEvent *get_event(MchSession *session, guint rcpt, guint sub)
{
	for (guint i = session->events->len; i > 0; i--) {
		MchSessionEvent *event = session->events->pdata[i - 1];
		if (event->rcpt == rcpt && event->sub == sub)
			return event;
	}
	MchSessionEvent *event = g_new0(MchSessionEvent, 1);
	event->id = g_strdup(session->id);
	event->rcpt = rcpt;
	event->sub = sub;
	g_ptr_array_add(session->events, event);
	return event;
}

static gboolean is_about_ours(const MchSession *session, const MchFeedPacket *packet)
{
	return session->id && g_strcmp0(session->id, packet->id) == 0;
}

static void on_ready(MchSession *session, const MchFeedPacket *packet)
{
	(void)packet;
	if (relay_state_note_ready(&session->manager->relay))
		log_notice(&(MchLogFields){ .relay = relay_name(session->manager) },
			   "relay %s is back", relay_name(session->manager));
	if (session->state == STARTING)
		session->state = IDLE;
}

static void on_trouble(MchSession *session, const MchFeedPacket *packet)
{
	MchManager *manager = session->manager;
	g_autofree char *reason = text_safe_line(packet->text, -1, MCH_TEXT_SAFE_MAX);

	session->trouble = TRUE;
	session->state = ENDING;
	if (relay_state_note_trouble(&manager->relay, clock_boot_ms(), packet->stage, reason))
		log_warning(&(MchLogFields){ .relay = relay_name(manager) },
			    "ALARM relay cannot be used, mail waits: %s", reason);
}

static void on_expand(MchSession *session, const MchFeedPacket *packet)
{
	if (!is_about_ours(session, packet))
		return;
	MchSessionEvent *event = get_event(session, packet->rcpt, packet->sub);
	g_free(event->address);
	event->address = g_strdup(packet->text);
}

static void on_fate(MchSession *session, const MchFeedPacket *packet)
{
	if (!is_about_ours(session, packet))
		return;
	if (packet->fate == MCH_FATE_UNTRIED) {
		g_free(session->untried_why);
		session->untried_why = text_safe_line(packet->text, -1, MCH_TEXT_SAFE_MAX);
		return;
	}
	MchSessionEvent *event = get_event(session, packet->rcpt, packet->sub);
	event->fate = packet->fate;
	g_free(event->text);
	event->text = text_safe_line(packet->text, -1, MCH_TEXT_SAFE_MAX);
	if (packet->fate == MCH_FATE_SENT)
		relay_state_note_success(&session->manager->relay);
}

static void let_go_of_message(MchSession *session)
{
	g_clear_pointer(&session->id, g_free);
	g_clear_pointer(&session->untried_why, g_free);
	g_ptr_array_set_size(session->events, 0);
	if (session->state == BUSY)
		session->state = IDLE;
}

static void note_untried(MchSession *session, MchEntry *entry)
{
	MchManager *manager = session->manager;

	if (session->untried_why && g_strcmp0(entry->why, session->untried_why) != 0)
		log_warning(&(MchLogFields){ .id = entry->id }, "ALARM %s: waits: %s", entry->id,
			    session->untried_why);
	if (entry->has_journal && !session->untried_why && !session->trouble)
		outcome_decide(manager, entry); /* nothing was left to try */
	else if (!session->untried_why && !session->trouble)
		outcome_untried(manager, entry, "mailchute-deliver said nothing about it");
	else
		outcome_untried(manager, entry, session->untried_why);
}

static gboolean said_something(const GPtrArray *events)
{
	for (guint i = 0; i < events->len; i++) {
		const MchSessionEvent *event = events->pdata[i];
		if (event->fate != MCH_FATE_UNTRIED)
			return TRUE;
	}
	return FALSE;
}

static void on_done(MchSession *session, const MchFeedPacket *packet)
{
	MchManager *manager = session->manager;
	MchEntry *entry = schedule_find(manager->schedule, packet->id);

	if (!is_about_ours(session, packet))
		return;
	if (entry && !said_something(session->events))
		note_untried(session, entry);
	else if (!outcome_apply(manager, session->id, session->events, relay_name(manager)))
		session->keep_log = TRUE;
	let_go_of_message(session);
}

static void on_damaged(MchSession *session, const MchFeedPacket *packet)
{
	if (!is_about_ours(session, packet))
		return;
	outcome_set_aside(session->manager, session->id, packet->text);
	let_go_of_message(session);
}

static void on_bye(MchSession *session, const MchFeedPacket *packet)
{
	(void)packet;
	session->trouble = TRUE; /* its end is announced */
	session->state = ENDING;
}

static void (*const handlers[])(MchSession *session, const MchFeedPacket *packet) = {
	[MCH_FEED_READY] = on_ready,   [MCH_FEED_TROUBLE] = on_trouble,
	[MCH_FEED_EXPAND] = on_expand, [MCH_FEED_FATE] = on_fate,
	[MCH_FEED_DONE] = on_done,     [MCH_FEED_DAMAGED] = on_damaged,
	[MCH_FEED_BYE] = on_bye,
};

/* --- its end ------------------------------------------------------------------------------- */

/* What the log says about the message in hand, which deliver did not live to tell us. */
static GPtrArray *events_of_message(const MchSession *session)
{
	GPtrArray *ours = g_ptr_array_new();
	g_autoptr(GPtrArray) all = session_log_read(session->log, NULL);

	g_ptr_array_set_free_func(ours, free_event);
	for (guint i = 0; all && i < all->len; i++) {
		MchSessionEvent *event = all->pdata[i];
		if (strcmp(event->id, session->id) != 0)
			continue;
		MchSessionEvent *copy = g_new0(MchSessionEvent, 1);
		*copy = *event;
		copy->id = g_strdup(event->id);
		copy->address = g_strdup(event->address);
		copy->text = event->fate == MCH_FATE_DOUBT
				     ? g_strdup("mailchute-deliver died after the final dot")
				     : g_strdup(event->text);
		g_ptr_array_add(ours, copy);
	}
	return ours;
}

static void take_back_message(MchSession *session)
{
	MchManager *manager = session->manager;

	if (!session->id)
		return;
	g_autoptr(GPtrArray) events = events_of_message(session);
	MchEntry *entry = schedule_find(manager->schedule, session->id);
	if (entry && !said_something(events) && !session->trouble)
		/* It may be this message that kills it: let others go first. */
		outcome_untried(manager, entry,
				"mailchute-deliver ended while it had this message");
	else if (!outcome_apply(manager, session->id, events, relay_name(manager)))
		session->keep_log = TRUE;
}

/* Unlinks of this session's messages must be durable before the log that explains them goes. */
static void remove_log(MchSession *session)
{
	MchSpool *spool = session->manager->spool;
	g_autoptr(GError) error = NULL;

	if (session->keep_log)
		return; /* recover.c comes back to it, see end_session */
	if (!spool_sync_queue(spool, &error) ||
	    !spool_remove_session_log(spool, session->log_number, &error))
		log_warning(NULL, "ALARM session log %u: %s", session->log_number, error->message);
}

static void free_session(MchSession *session)
{
	if (session->source)
		g_source_remove(session->source);
	fd_clear(&session->socket);
	fd_clear(&session->log);
	g_ptr_array_unref(session->events);
	g_free(session->untried_why);
	g_free(session->id);
	g_free(session);
}

static void end_session(MchSession *session)
{
	MchManager *manager = session->manager;
	gint64 now = clock_boot_ms();

	if (!session->trouble && session->state == STARTING) {
		const char *reason = "mailchute-deliver ended before it reached the relay";
		if (relay_state_note_trouble(&manager->relay, now, "reply", reason))
			log_warning(NULL, "ALARM %s", reason);
	}
	relay_state_note_no_answer(&manager->relay, now);
	take_back_message(session);
	remove_log(session);
	g_ptr_array_remove(manager->sessions, session);
	session->source = 0; /* we are in its callback */
	gboolean keep_log = session->keep_log;
	free_session(session);
	if (keep_log)
		recover_watch_logs(manager);
	manager_kick(manager);
}

static gboolean on_packet(int fd, GIOCondition condition, gpointer data)
{
	MchSession *session = data;
	g_auto(MchFeedPacket) packet = { 0 };
	g_autoptr(GError) error = NULL;
	mch_autofd int unexpected = -1;
	int n = feed_receive(fd, &packet, &unexpected, &error);

	(void)condition;
	if (n <= 0) {
		if (error && !g_error_matches(error, MCH_SYSTEM_ERROR, ECONNRESET))
			log_warning(NULL, "mailchute-deliver: %s", error->message);
		end_session(session);
		return G_SOURCE_REMOVE;
	}
	if (packet.word < G_N_ELEMENTS(handlers) && handlers[packet.word])
		handlers[packet.word](session, &packet);
	manager_kick(session->manager);
	return G_SOURCE_CONTINUE;
}

/* --- feeding ------------------------------------------------------------------------------- */

static void reap(GPid pid, int status, gpointer data)
{
	(void)data;
	if (!g_spawn_check_wait_status(status, NULL))
		log_notice(NULL, "mailchute-deliver[%d] ended with wait status %d", (int)pid,
			   status);
	g_spawn_close_pid(pid);
}

static gboolean spawn_deliver(MchSession *session, int their_socket, GError **error)
{
	const char *argv[] = { "mailchute-deliver", "--config", session->manager->config_path,
			       NULL };
	const int fds[] = { their_socket, session->log };
	GPid pid = spawn_helper(argv, fds, G_N_ELEMENTS(fds), error);

	if (pid)
		(void)g_child_watch_add(pid, reap, NULL);
	return pid != 0;
}

static gboolean open_session(MchSession *session, GError **error)
{
	MchFeedPacket hello = { .word = MCH_FEED_HELLO, .text = (char *)PACKAGE_VERSION };
	int pair[2];

	session->log = spool_create_session_log(session->manager->spool, &session->log_number,
						error);
	if (session->log < 0)
		return FALSE;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_set_system(error, errno, "socketpair");
	session->socket = pair[0];
	mch_autofd int theirs = pair[1];
	return spawn_deliver(session, theirs, error) &&
	       feed_send(session->socket, &hello, -1, error);
}

gboolean session_start(MchManager *manager, GError **error)
{
	MchSession *session = g_new0(MchSession, 1);

	*session = (MchSession){ .manager = manager, .socket = -1, .log = -1 };
	session->events = g_ptr_array_new_with_free_func(free_event);
	if (!open_session(session, error)) {
		if (session->log_number)
			(void)spool_remove_session_log(manager->spool, session->log_number, NULL);
		free_session(session);
		return FALSE;
	}
	session->source = g_unix_fd_add(session->socket, G_IO_IN | G_IO_HUP, on_packet, session);
	g_ptr_array_add(manager->sessions, session);
	return TRUE;
}

MchSession *session_find_idle(MchManager *manager)
{
	for (guint i = 0; i < manager->sessions->len; i++) {
		MchSession *session = manager->sessions->pdata[i];
		if (session->state == IDLE)
			return session;
	}
	return NULL;
}

gboolean session_owns_log(MchManager *manager, guint number)
{
	for (guint i = 0; i < manager->sessions->len; i++) {
		const MchSession *session = manager->sessions->pdata[i];
		if (session->log_number == number)
			return TRUE;
	}
	return FALSE;
}

gboolean session_any_starting(MchManager *manager)
{
	for (guint i = 0; i < manager->sessions->len; i++) {
		const MchSession *session = manager->sessions->pdata[i];
		if (session->state == STARTING)
			return TRUE;
	}
	return FALSE;
}

void session_feed(MchSession *session, MchEntry *entry)
{
	MchManager *manager = session->manager;
	MchFeedPacket packet = { .word = MCH_FEED_MESSAGE, .id = entry->id };
	g_autoptr(GError) error = NULL;
	mch_autofd int fd = spool_open_message(manager->spool, entry->id, FALSE, &error);

	if (fd < 0) {
		outcome_decide(manager, entry); /* says what is wrong with the file */
		return;
	}
	if (!spool_try_lock(fd)) {
		/* The deliver that had it last has not quite let go of it. */
		schedule_set_state(manager->schedule, entry, MCH_ENTRY_WAITING,
				   clock_boot_ms() + LOCK_WAIT_MS);
		return;
	}
	if (!feed_send(session->socket, &packet, fd, &error)) {
		session->state = ENDING; /* it is gone; its end of file comes next */
		return;
	}
	session->id = g_strdup(entry->id);
	session->state = BUSY;
	schedule_set_state(manager->schedule, entry, MCH_ENTRY_ACTIVE, 0);
}

void session_stop_all(MchManager *manager)
{
	for (guint i = 0; i < manager->sessions->len; i++) {
		MchSession *session = manager->sessions->pdata[i];
		session->trouble = TRUE;
		session->state = ENDING;
		(void)shutdown(session->socket, SHUT_WR);
	}
}

void session_abandon_all(MchManager *manager)
{
	while (manager->sessions->len > 0)
		free_session(g_ptr_array_remove_index(manager->sessions, 0));
}
