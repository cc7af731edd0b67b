/*
 * control-server.c: see control-server.h.
 *
 * A request is one struct of fixed size, the caller is who the kernel says. Root and the queue's
 * owner see all mail, others their own; uids that are handed out again and again (nobody, systemd's
 * dynamic ones) see none. A long listing is written in slices as the caller reads, so it never holds
 * up the door; a caller that does not read holds up nobody but himself.
 */
#include "config.h"
#include "queue/control-server.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/text-safe.h"
#include "queue/listen.h"
#include "spool/spool-format.h"
#include "spool/spool-journal.h"
#include "submit/control.h"
#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKET_NAME	"control"
#define MAX_CALLERS	32
#define SLICE		64
#define PATIENCE_SEC	30
#define UID_NOBODY	65534
#define UID_DYNAMIC_MIN 61184
#define UID_DYNAMIC_MAX 65519

struct MchControlServer {
	MchManager *manager;
	int listener;
	gboolean inherited;
	guint source;
	guint n_callers;
};

typedef struct {
	MchControlServer *server;
	int connection;
	guint32 uid;
	guint source;
	guint timeout;
	GString *answer; /* not yet written */
	GPtrArray *ids;	 /* still to be listed, or NULL */
	guint next;
} Caller;

static gboolean on_caller(int fd, GIOCondition condition, gpointer data);

static void end_caller(Caller *caller)
{
	MchControlServer *server = caller->server;

	if (caller->source)
		g_source_remove(caller->source);
	if (caller->timeout)
		g_source_remove(caller->timeout);
	fd_clear(&caller->connection);
	g_string_free(caller->answer, TRUE);
	g_clear_pointer(&caller->ids, g_ptr_array_unref);
	g_free(caller);
	if (server->n_callers-- == MAX_CALLERS && server->listener >= 0)
		server->source = g_unix_fd_add(server->listener, G_IO_IN, on_caller, server);
	manager_kick(server->manager);
}

static gboolean sees_all(const Caller *caller)
{
	return caller->uid == 0 || caller->uid == (guint32)geteuid();
}

static gboolean may_see(const Caller *caller, const MchEntry *entry)
{
	if (sees_all(caller))
		return TRUE;
	if (caller->uid == UID_NOBODY ||
	    (caller->uid >= UID_DYNAMIC_MIN && caller->uid <= UID_DYNAMIC_MAX))
		return FALSE;
	return caller->uid == entry->uid;
}

/* --- LIST ---------------------------------------------------------------------------------- */

static const char *state_name(const MchEntry *entry)
{
	switch ((MchEntryState)entry->state) {
	case MCH_ENTRY_ACTIVE:
	case MCH_ENTRY_REPORTING:
	case MCH_ENTRY_ORPHANED:
		return "active";
	case MCH_ENTRY_FAILED:
		return "failed";
	case MCH_ENTRY_WAITING:
		break;
	}
	return "deferred";
}

static gboolean is_sent(const MchJournal *journal, guint rcpt)
{
	gboolean any = FALSE;

	for (guint i = 0; i < journal->targets->len; i++) {
		const MchTarget *target = journal->targets->pdata[i];
		if (target->rcpt != rcpt)
			continue;
		if (target->fate != MCH_FATE_SENT)
			return FALSE;
		any = TRUE;
	}
	return any;
}

/* Why it is still here: the relay's trouble, its own, or the last reply about it. */
static char *last_error(const MchManager *manager, const MchEntry *entry, const MchJournal *journal)
{
	const MchTarget *latest = NULL;

	if (entry->why)
		return g_strdup(entry->why);
	for (guint i = 0; i < journal->targets->len; i++) {
		const MchTarget *target = journal->targets->pdata[i];
		if (target->fate != MCH_FATE_SENT && target->text &&
		    (!latest || target->fate_time >= latest->fate_time))
			latest = target;
	}
	if (entry->state != MCH_ENTRY_FAILED && manager->relay.reason)
		return g_strdup(manager->relay.reason);
	return g_strdup(latest ? latest->text : "");
}

static void append_entry(Caller *caller, const MchEntry *entry)
{
	MchManager *manager = caller->server->manager;
	mch_autofd int fd = spool_open_message(manager->spool, entry->id, FALSE, NULL);
	g_autoptr(MchSpoolHeader) header = fd < 0 ? NULL : spool_format_read(fd, NULL);
	g_autoptr(MchJournal) journal = header ? spool_journal_read(fd, header, NULL) : NULL;
	g_autoptr(GPtrArray) recipients = g_ptr_array_new();

	if (!journal)
		return;
	for (guint i = 0; i < header->recipients->len; i++) {
		const MchSpoolRecipient *recipient = header->recipients->pdata[i];
		if (!is_sent(journal, i + 1))
			g_ptr_array_add(recipients, recipient->address);
	}
	g_ptr_array_add(recipients, NULL);
	g_autofree char *error = last_error(manager, entry, journal);
	MchControlItem item = { .id = header->id,
				.time = header->time,
				.uid = header->uid,
				.size = header->size,
				.state = (char *)state_name(entry),
				.from = header->from,
				.last_error = error,
				.recipients = (char **)recipients->pdata };
	control_append_item(caller->answer, &item);
}

static void append_slice(Caller *caller)
{
	guint end = MIN(caller->ids->len, caller->next + SLICE);

	for (; caller->next < end; caller->next++) {
		const MchEntry *entry = schedule_find(caller->server->manager->schedule,
						      caller->ids->pdata[caller->next]);
		if (entry && may_see(caller, entry))
			append_entry(caller, entry);
	}
	if (caller->next == caller->ids->len)
		g_clear_pointer(&caller->ids, g_ptr_array_unref);
}

/* --- the verbs ----------------------------------------------------------------------------- */

static void do_list(Caller *caller, const MchControlRequest *request)
{
	(void)request;
	g_string_append(caller->answer, "ok\n");
	caller->ids = schedule_list_ids(caller->server->manager->schedule);
}

static void do_count(Caller *caller, const MchControlRequest *request)
{
	(void)request;
	g_string_append_printf(caller->answer, "ok\n%u\n",
			       schedule_count(caller->server->manager->schedule));
}

static void do_flush(Caller *caller, const MchControlRequest *request)
{
	(void)request;
	manager_flush(caller->server->manager, sees_all(caller) ? NULL : &caller->uid);
	g_string_append(caller->answer, "ok\n");
}

static void do_status(Caller *caller, const MchControlRequest *request)
{
	const MchManager *manager = caller->server->manager;
	const MchRelayState *relay = &manager->relay;
	gint64 wait = MAX(relay->next_try - clock_boot_ms(), 0) / 1000;

	(void)request;
	g_string_append_printf(caller->answer,
			       "ok\nrelay %s %" G_GINT64_FORMAT " %s\nmessages %u\n",
			       relay_state_name(relay), wait, relay->reason ? relay->reason : "",
			       schedule_count(manager->schedule));
	if (manager->config_trouble) {
		g_autofree char *safe = text_safe_line(manager->config_trouble, -1,
						       MCH_TEXT_SAFE_MAX);
		g_string_append_printf(caller->answer, "config %s\n", safe);
	}
}

static const struct {
	guint32 verb;
	void (*run)(Caller *caller, const MchControlRequest *request);
} verbs[] = {
	{ MCH_CONTROL_LIST, do_list },
	{ MCH_CONTROL_COUNT, do_count },
	{ MCH_CONTROL_FLUSH, do_flush },
	{ MCH_CONTROL_STATUS, do_status },
};

static void answer_request(Caller *caller, const MchControlRequest *request)
{
	if (request->version != MCH_CONTROL_VERSION) {
		g_string_append(caller->answer,
				"error mailchuted is of another version: restart it\n");
		return;
	}
	for (guint i = 0; i < G_N_ELEMENTS(verbs); i++) {
		if (verbs[i].verb == request->verb) {
			verbs[i].run(caller, request);
			return;
		}
	}
	g_string_append(caller->answer, "error unknown request\n");
}

/* --- connections --------------------------------------------------------------------------- */

static gboolean on_writable(int fd, GIOCondition condition, gpointer data)
{
	Caller *caller = data;

	(void)condition;
	while (caller->answer->len == 0 && caller->ids)
		append_slice(caller);
	if (caller->answer->len == 0) {
		caller->source = 0;
		end_caller(caller);
		return G_SOURCE_REMOVE;
	}
	ssize_t n = send(fd, caller->answer->str, caller->answer->len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		caller->source = 0;
		end_caller(caller);
		return G_SOURCE_REMOVE;
	}
	if (n > 0)
		g_string_erase(caller->answer, 0, n);
	return G_SOURCE_CONTINUE;
}

static gboolean on_request(int fd, GIOCondition condition, gpointer data)
{
	Caller *caller = data;
	MchControlRequest request;
	ssize_t n = recv(fd, &request, sizeof request, MSG_DONTWAIT);

	(void)condition;
	caller->source = 0;
	if (n != (ssize_t)sizeof request) { /* one small send arrives whole on a unix socket */
		end_caller(caller);
		return G_SOURCE_REMOVE;
	}
	request.name[MCH_CONTROL_NAME_MAX - 1] = '\0';
	answer_request(caller, &request);
	caller->source = g_unix_fd_add(fd, G_IO_OUT | G_IO_HUP, on_writable, caller);
	return G_SOURCE_REMOVE;
}

static gboolean on_patience_over(gpointer data)
{
	Caller *caller = data;

	caller->timeout = 0;
	end_caller(caller);
	return G_SOURCE_REMOVE;
}

static gboolean on_caller(int fd, GIOCondition condition, gpointer data)
{
	MchControlServer *server = data;
	int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t length = sizeof peer;

	(void)condition;
	if (connection < 0)
		return G_SOURCE_CONTINUE;
	if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) {
		(void)close(connection);
		return G_SOURCE_CONTINUE;
	}
	Caller *caller = g_new0(Caller, 1);
	*caller = (Caller){ .server = server,
			    .connection = connection,
			    .uid = peer.uid,
			    .answer = g_string_new(NULL) };
	caller->source = g_unix_fd_add(connection, G_IO_IN | G_IO_HUP, on_request, caller);
	caller->timeout = g_timeout_add_seconds(PATIENCE_SEC, on_patience_over, caller);
	if (++server->n_callers < MAX_CALLERS)
		return G_SOURCE_CONTINUE;
	server->source = 0;
	return G_SOURCE_REMOVE;
}

MchControlServer *control_server_new(MchManager *manager, GError **error)
{
	MchControlServer *server = g_new0(MchControlServer, 1);

	server->manager = manager;
	server->listener = listen_take_inherited(SOCKET_NAME);
	server->inherited = server->listener >= 0;
	if (!server->inherited)
		server->listener = listen_bind(manager->socket_dir, SOCKET_NAME, 0666, error);
	if (server->listener < 0) {
		g_free(server);
		return NULL;
	}
	server->source = g_unix_fd_add(server->listener, G_IO_IN, on_caller, server);
	return server;
}

void control_server_free(MchControlServer *server)
{
	if (!server)
		return;
	if (!server->inherited) {
		g_autofree char *path = g_build_filename(server->manager->socket_dir, SOCKET_NAME,
							 NULL);
		(void)unlink(path);
	}
	if (server->source)
		g_source_remove(server->source);
	fd_clear(&server->listener);
	g_free(server);
}

gboolean control_server_is_busy(const MchControlServer *server)
{
	return server->n_callers > 0;
}
