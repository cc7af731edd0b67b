/*
 * template.c: see template.h.
 *
 * A job socket is handed to the template, which forks a child around it; the child may not have
 * started yet when the job is sent, the socket keeps it. So taking a child never waits. When the
 * template is gone the job socket's other end is closed and the job fails as "not accepted".
 */
#include "config.h"
#include "queue/template.h"
#include "base/error.h"
#include "base/fd.h"
#include "queue/spawn.h"
#include "spool/receive-job.h"
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* Children that wait: as many callers as usually come at once. */
#define READY_CHILDREN 4

struct MchTemplate {
	guint64 max_size;
	int socket; /* to the template process; -1 when it is known to be gone */
	int ready[READY_CHILDREN];
	guint n_ready;
};

static void forget_child(GPid pid, int status, gpointer data)
{
	(void)status;
	(void)data;
	g_spawn_close_pid(pid);
}

static gboolean start(MchTemplate *template, GError **error)
{
	char size[24];
	const char *argv[] = { "mailchute-receive", size, NULL };
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_set_system(error, errno, "socketpair");
	mch_autofd int theirs = pair[1];
	(void)g_snprintf(size, sizeof size, "%" G_GUINT64_FORMAT, template->max_size);
	GPid pid = spawn_helper(argv, &theirs, 1, error);
	if (pid == 0) {
		(void)close(pair[0]);
		return FALSE;
	}
	(void)g_child_watch_add(pid, forget_child, NULL);
	template->socket = pair[0];
	return TRUE;
}

/* Asks the template for one more child. */
static int ask_child(MchTemplate *template, GError **error)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		error_set_system(error, errno, "socketpair");
		return -1;
	}
	mch_autofd int ours = pair[0];
	mch_autofd int theirs = pair[1];
	if (!fd_send_packet(template->socket, "child", 5, &theirs, 1, error)) {
		fd_clear(&template->socket);
		return -1;
	}
	return fd_steal(&ours);
}

MchTemplate *template_new(guint64 max_size, GError **error)
{
	MchTemplate *template = g_new0(MchTemplate, 1);

	template->max_size = max_size;
	template->socket = -1;
	if (!start(template, error)) {
		g_free(template);
		return NULL;
	}
	template_refill(template);
	return template;
}

void template_free(MchTemplate *template)
{
	if (!template)
		return;
	while (template->n_ready > 0)
		fd_clear(&template->ready[--template->n_ready]);
	fd_clear(&template->socket);
	g_free(template);
}

/* A child whose process is gone has hung up its end. */
static gboolean is_alive(int job_socket)
{
	char byte;

	return recv(job_socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

int template_take_child(MchTemplate *template, GError **error)
{
	while (template->n_ready > 0) {
		mch_autofd int child = template->ready[--template->n_ready];
		if (is_alive(child))
			return fd_steal(&child);
	}
	if (template->socket >= 0) {
		int child = ask_child(template, NULL);
		if (child >= 0)
			return child;
	}
	if (!start(template, error))
		return -1;
	return ask_child(template, error);
}

void template_refill(MchTemplate *template)
{
	while (template->n_ready < READY_CHILDREN && template->socket >= 0) {
		int child = ask_child(template, NULL);
		if (child < 0)
			return;
		template->ready[template->n_ready++] = child;
	}
}
