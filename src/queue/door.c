/*
 * door.c: see door.h.
 *
 * mailchuted accepts, asks the kernel who it is, makes tmp/ID, and hands connection and file to a
 * caged child (template.c); it never reads what the client says. When the child says "done" the
 * file is whole and on disk. All files that are done in one turn of the loop are renamed into
 * queue/, then one fsync of queue/ makes their names durable, and only then each client gets its K.
 *
 * Dies before the rename: the client got no K, tmp/ is swept. Dies between rename and K: the message
 * is delivered although its client heard nothing; a duplicate is possible then, a loss is not.
 */
#include "config.h"
#include "queue/door.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/exit-code.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/netstring.h"
#include "queue/listen.h"
#include "queue/template.h"
#include "spool/receive-job.h"
#include "spool/spool-format.h"
#include "submit/protocol.h"
#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKET_NAME "submit"

/* One submission, from accept to K. */
typedef struct {
	MchDoor *door;
	char *id;
	guint32 uid;
	int connection; /* -1 for our own */
	int job;	/* the child's socket; -1 when it has answered */
	int file;	/* tmp/ID */
	guint job_source;
	MchSpoolHeader *header; /* as read back from the complete file */
	void (*done)(gboolean committed, gpointer data);
	gpointer done_data;
} Submission;

struct MchDoor {
	MchManager *manager;
	int listener;
	gboolean inherited;
	guint accept_source;
	guint commit_source;
	guint n_receiving;
	GPtrArray *complete; /* Submission*, to be committed in this turn */
};

static gboolean on_client(int fd, GIOCondition condition, gpointer data);

static void end_submission(Submission *submission)
{
	if (submission->job_source)
		g_source_remove(submission->job_source);
	fd_clear(&submission->connection);
	fd_clear(&submission->job);
	fd_clear(&submission->file);
	spool_header_free(submission->header);
	g_free(submission->id);
	g_free(submission);
}

/* Time, then chance: sorts by age, and nobody can guess the next one. */
static char *make_id(void)
{
	static const char digits[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	char id[12];
	guint64 time = (guint64)clock_wall_seconds();

	for (int i = 5; i >= 0; i--, time /= 62)
		id[i] = digits[time % 62];
	for (int i = 6; i < 11; i++)
		id[i] = digits[g_random_int_range(0, 62)];
	id[11] = '\0';
	return g_strdup(id);
}

static void send_record(int connection, const GString *record)
{
	/* A few bytes into an empty socket buffer: it fits, or the client is gone. */
	(void)send(connection, record->str, record->len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void send_refusal(int connection, int code, const char *text)
{
	g_autoptr(GString) record = g_string_new(NULL);

	protocol_append_refusal(record, code, text);
	send_record(connection, record);
}

static void listen_for_clients(MchDoor *door)
{
	gboolean may = door->listener >= 0 && door->n_receiving < MCH_LIMIT_RECEIVES;

	if (may && !door->accept_source) {
		door->accept_source = g_unix_fd_add(door->listener, G_IO_IN, on_client, door);
	} else if (!may && door->accept_source) {
		g_source_remove(door->accept_source);
		door->accept_source = 0;
	}
}

static void forget_submission(Submission *submission)
{
	MchDoor *door = submission->door;

	if (submission->connection >= 0)
		door->n_receiving--;
	end_submission(submission);
	listen_for_clients(door);
	if (door->manager->stopping && !door_is_busy(door))
		g_main_loop_quit(door->manager->loop);
	manager_kick(door->manager);
}

/* Not accepted: the file goes, the client (if any) hears why. */
static void reject(Submission *submission, int code, const char *text)
{
	MchManager *manager = submission->door->manager;

	(void)spool_remove_tmp(manager->spool, submission->id, NULL);
	if (submission->connection >= 0) {
		send_refusal(submission->connection, code, text);
		log_notice(&(MchLogFields){ .id = submission->id },
			   "%s: not accepted from uid %u: %s", submission->id, submission->uid,
			   text);
	}
	if (submission->done)
		submission->done(FALSE, submission->done_data);
	forget_submission(submission);
}

/* --- commit -------------------------------------------------------------------------------- */

static void accept_message(Submission *submission)
{
	MchManager *manager = submission->door->manager;
	const MchSpoolHeader *header = submission->header;
	MchEntry *entry = schedule_add(manager->schedule, header->id, clock_boot_ms());

	entry->accepted = header->time;
	entry->size = header->size;
	entry->uid = header->uid;
	entry->n_recipients = header->recipients->len;
	if (submission->connection >= 0) {
		g_autoptr(GString) record = g_string_new(NULL);
		netstring_append(record, MCH_SUBMIT_ACCEPTED, header->id, -1);
		send_record(submission->connection, record);
	}
	log_info(&(MchLogFields){ .id = header->id },
		 "%s: accepted from uid %u, from=<%s>, recipients=%u, size=%" G_GUINT64_FORMAT,
		 header->id, header->uid, header->from, header->recipients->len, header->size);
	if (submission->done)
		submission->done(TRUE, submission->done_data);
	forget_submission(submission);
}

/* The child is a stranger's as far as we know: what it wrote must be what we asked for. */
static gboolean read_back(Submission *submission, GError **error)
{
	submission->header = spool_format_read(submission->file, error);
	if (!submission->header)
		return FALSE;
	if (strcmp(submission->header->id, submission->id) == 0 &&
	    submission->header->uid == submission->uid)
		return TRUE;
	g_set_error(error, MCH_FORMAT_ERROR, MCH_FORMAT_ERROR_DAMAGED,
		    "queue file: id or uid is not the one that was given out");
	return FALSE;
}

/* What was renamed and cannot be made durable is taken back before T is said. */
static void take_back(Submission *submission, const GError *error)
{
	(void)spool_remove_message(submission->door->manager->spool, submission->id, NULL);
	log_warning(&(MchLogFields){ .id = submission->id },
		    "ALARM %s: cannot be made durable, refused: %s", submission->id,
		    error->message);
	reject(submission, EX_TEMPFAIL, error->message);
}

/* Renames all that are whole; the others are rejected and leave the batch. */
static void rename_batch(MchDoor *door, GPtrArray *batch)
{
	guint kept = 0;

	for (guint i = 0; i < batch->len; i++) {
		Submission *submission = batch->pdata[i];
		g_autoptr(GError) error = NULL;
		if (read_back(submission, &error) &&
		    spool_commit(door->manager->spool, submission->id, &error))
			batch->pdata[kept++] = submission;
		else
			reject(submission, EX_TEMPFAIL, error->message);
	}
	g_ptr_array_set_size(batch, (int)kept);
}

static gboolean commit_all(gpointer data)
{
	MchDoor *door = data;
	g_autoptr(GPtrArray) batch = g_steal_pointer(&door->complete);
	g_autoptr(GError) error = NULL;

	door->complete = g_ptr_array_new();
	door->commit_source = 0;
	rename_batch(door, batch);
	gboolean synced = batch->len == 0 || spool_sync_queue(door->manager->spool, &error);
	for (guint i = 0; i < batch->len; i++) {
		if (synced)
			accept_message(batch->pdata[i]);
		else
			take_back(batch->pdata[i], error);
	}
	template_refill(door->manager->template);
	return G_SOURCE_REMOVE;
}

static void commit_in_this_turn(Submission *submission)
{
	MchDoor *door = submission->door;

	g_ptr_array_add(door->complete, submission);
	if (!door->commit_source)
		door->commit_source = g_idle_add_full(G_PRIORITY_HIGH_IDLE, commit_all, door, NULL);
}

void door_commit_own(MchDoor *door, const char *id, int file,
		     void (*done)(gboolean committed, gpointer data), gpointer data)
{
	Submission *submission = g_new0(Submission, 1);

	*submission = (Submission){ .door = door,
				    .id = g_strdup(id),
				    .uid = (guint32)geteuid(),
				    .connection = -1,
				    .job = -1,
				    .file = file,
				    .done = done,
				    .done_data = data };
	commit_in_this_turn(submission);
}

/* --- receive ------------------------------------------------------------------------------- */

/* "done" or "refuse CODE TEXT" from the child; end of file when it died. */
static void take_answer(Submission *submission, const char *answer)
{
	if (!answer) {
		reject(submission, EX_TEMPFAIL, "the receiving process ended; try again");
	} else if (strcmp(answer, "done") == 0) {
		commit_in_this_turn(submission);
	} else if (g_str_has_prefix(answer, "refuse ")) {
		const char *text;
		int code = protocol_parse_refusal(answer + strlen("refuse "), &text);
		reject(submission, code, text);
	} else {
		reject(submission, EX_TEMPFAIL, "the receiving process said something else");
	}
}

static gboolean on_answer(int fd, GIOCondition condition, gpointer data)
{
	Submission *submission = data;
	char answer[MCH_RECEIVE_ANSWER_MAX + 1];
	int fds[MCH_FD_PACKET_MAX];
	guint n_fds = 0;

	(void)condition;
	gssize n = fd_receive_packet(fd, answer, MCH_RECEIVE_ANSWER_MAX, fds, &n_fds, NULL);
	while (n_fds > 0)
		fd_clear(&fds[--n_fds]);
	submission->job_source = 0;
	fd_clear(&submission->job);
	if (n > 0)
		answer[n] = '\0';
	take_answer(submission, n > 0 ? answer : NULL);
	return G_SOURCE_REMOVE;
}

static gboolean start_receive(Submission *submission, GError **error)
{
	MchManager *manager = submission->door->manager;
	g_autofree char *job = NULL;
	int fds[2];

	submission->file = spool_create_tmp(manager->spool, submission->id, error);
	if (submission->file < 0)
		return FALSE;
	submission->job = template_take_child(manager->template, error);
	if (submission->job < 0)
		return FALSE;
	job = g_strdup_printf("%s %s %" G_GINT64_FORMAT " %u %s", PACKAGE_VERSION, submission->id,
			      clock_wall_seconds(), submission->uid, manager->host);
	fds[0] = submission->connection;
	fds[1] = submission->file;
	if (!fd_send_packet(submission->job, job, strlen(job), fds, 2, error))
		return FALSE;
	submission->job_source = g_unix_fd_add(submission->job, G_IO_IN | G_IO_HUP, on_answer,
					       submission);
	return TRUE;
}

/* FALSE with the reason when the disk must be left to what is queued already. */
static gboolean check_space(const MchManager *manager, GError **error)
{
	guint64 total;
	guint64 space = spool_free_space(manager->spool, &total);
	guint64 reserve = manager->config->min_free;

	if (reserve == 0)
		reserve = MIN(2 * manager->config->max_size, total / 20);
	if (space >= reserve)
		return TRUE;
	g_set_error(error, MCH_SUBMIT_ERROR, MCH_SUBMIT_ERROR_LATER,
		    "disk full: %s has %" G_GUINT64_FORMAT " bytes free, %" G_GUINT64_FORMAT
		    " are kept in reserve (min-free)",
		    manager->spool_path, space, reserve);
	return FALSE;
}

static void send_hello(int connection)
{
	g_autoptr(GString) record = g_string_new(NULL);

	netstring_append(record, MCH_SUBMIT_VERSION, MCH_SUBMIT_HELLO " " PACKAGE_VERSION, -1);
	send_record(connection, record);
}

static void serve_client(MchDoor *door, int connection)
{
	Submission *submission = g_new0(Submission, 1);
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t length = sizeof peer;
	g_autoptr(GError) error = NULL;

	*submission = (Submission){ .door = door, .connection = connection, .job = -1, .file = -1 };
	submission->id = make_id();
	door->n_receiving++;
	if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) {
		reject(submission, EX_TEMPFAIL, "the kernel does not say who you are");
		return;
	}
	submission->uid = peer.uid;
	if (!check_space(door->manager, &error) || !start_receive(submission, &error)) {
		reject(submission, EX_TEMPFAIL, error->message);
		return;
	}
	send_hello(connection);
}

/* Accepts one caller. FALSE when none waits. */
static gboolean accept_one(MchDoor *door)
{
	int connection = accept4(door->listener, NULL, NULL, SOCK_CLOEXEC);

	if (connection < 0)
		return FALSE;
	serve_client(door, connection);
	return TRUE;
}

static gboolean on_client(int fd, GIOCondition condition, gpointer data)
{
	MchDoor *door = data;

	(void)fd;
	(void)condition;
	(void)accept_one(door);
	if (door->n_receiving < MCH_LIMIT_RECEIVES)
		return G_SOURCE_CONTINUE;
	door->accept_source = 0; /* the kernel holds the next ones; forget_submission resumes */
	return G_SOURCE_REMOVE;
}

/* --- open and close ------------------------------------------------------------------------ */

gboolean door_open_again(MchDoor *door, GError **error)
{
	if (door->listener < 0)
		door->listener = listen_bind(door->manager->socket_dir, SOCKET_NAME, 0666, error);
	listen_for_clients(door);
	return door->listener >= 0;
}

MchDoor *door_new(MchManager *manager, GError **error)
{
	MchDoor *door = g_new0(MchDoor, 1);

	door->manager = manager;
	door->complete = g_ptr_array_new();
	door->listener = listen_take_inherited(SOCKET_NAME);
	door->inherited = door->listener >= 0;
	if (!door_open_again(door, error)) {
		door_free(door);
		return NULL;
	}
	return door;
}

gboolean door_close(MchDoor *door)
{
	g_autofree char *path = g_build_filename(door->manager->socket_dir, SOCKET_NAME, NULL);
	gboolean came = FALSE;

	if (door->listener < 0)
		return TRUE;
	if (!door->inherited)
		(void)unlink(path);
	if (!door->manager->stopping || !door->inherited)
		while (accept_one(door))
			came = TRUE;
	if (door->accept_source)
		g_source_remove(door->accept_source);
	door->accept_source = 0;
	fd_clear(&door->listener);
	return !came;
}

gboolean door_is_busy(const MchDoor *door)
{
	return door->n_receiving > 0 || door->complete->len > 0;
}

void door_free(MchDoor *door)
{
	if (!door)
		return;
	if (door->accept_source)
		g_source_remove(door->accept_source);
	if (door->commit_source)
		g_source_remove(door->commit_source);
	fd_clear(&door->listener);
	g_ptr_array_unref(door->complete);
	g_free(door);
}
