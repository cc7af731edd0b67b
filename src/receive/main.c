/*
 * main.c: mailchute-receive: the template that mailchuted starts, and its children.
 *
 * The template is single-threaded, reads nothing from strangers and does nothing but fork: a child
 * is ready, caged and waiting before the client connects (forking ahead costs a third of exec'ing
 * ahead, measured). Each child serves one connection and exits. When the template dies mailchuted
 * starts another; a child that dies has accepted nothing.
 */
#include "config.h"
#include "base/cage.h"
#include "base/error.h"
#include "base/exit-code.h"
#include "base/fd.h"
#include "receive/receive.h"
#include "spool/receive-job.h"
#include "spool/spool-format.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Envelope lines beside the text: what RLIMIT_FSIZE must leave room for. */
#define ENVELOPE_ROOM (32u * 1024 * 1024)

static void answer(int job_socket, const char *text)
{
	/* When mailchuted is gone there is nobody to tell; the message is not accepted then. */
	(void)fd_send_packet(job_socket, text, MIN(strlen(text), MCH_RECEIVE_ANSWER_MAX), NULL, 0,
			     NULL);
}

static void answer_error(int job_socket, const GError *error)
{
	g_autofree char *text = g_strdup_printf("refuse %d %s", exit_code_for_error(error),
						error->message);

	answer(job_socket, text);
}

/* "VERSION ID TIME UID HOST" */
static gboolean parse_job(char *text, MchReceiveJob *job)
{
	g_auto(GStrv) field = g_strsplit(text, " ", 5);

	if (g_strv_length(field) != 5 || strcmp(field[0], PACKAGE_VERSION) != 0 ||
	    !spool_id_is_valid(field[1]))
		return FALSE;
	job->id = g_strdup(field[1]);
	job->time = g_ascii_strtoll(field[2], NULL, 10);
	job->uid = (guint32)g_ascii_strtoull(field[3], NULL, 10);
	job->host = g_strdup(field[4]);
	return TRUE;
}

/* The life of a child: cage, one job, one answer. The process ends behind it. */
static void serve(int job_socket, guint64 max_size)
{
	const MchCage cage = { .extra_fds = 2,
			       .max_file_size = max_size + ENVELOPE_ROOM,
			       .max_memory = 256u << 20,
			       .cpu_seconds = 600 };
	MchReceiveJob job = { .max_size = max_size };
	char text[MCH_RECEIVE_JOB_MAX + 1];
	int fds[MCH_FD_PACKET_MAX];
	guint n_fds = 0;
	g_autoptr(GError) error = NULL;

	if (!cage_enter(&cage, &error)) {
		answer_error(job_socket, error);
		return;
	}
	gssize n = fd_receive_packet(job_socket, text, MCH_RECEIVE_JOB_MAX, fds, &n_fds, &error);
	if (n <= 0)
		return; /* mailchuted ended before it needed us */
	text[n] = '\0';
	if (n_fds != 2 || !parse_job(text, &job)) {
		answer(job_socket, "refuse 75 mailchute was upgraded: restart mailchuted");
		return;
	}
	if (receive_message(&job, fds[0], fds[1], &error))
		answer(job_socket, "done");
	else
		answer_error(job_socket, error);
}

static void fork_child(int job_socket, guint64 max_size)
{
	pid_t pid = fork();

	if (pid != 0) /* the template; a failed fork shows as end of file on the job socket */
		return;
	(void)close(MCH_RECEIVE_TEMPLATE_FD);
	serve(job_socket, max_size);
	_exit(EX_OK);
}

static gboolean parse_arguments(int argc, char **argv, guint64 *ret_max_size)
{
	return argc == 2 &&
	       g_ascii_string_to_unsigned(argv[1], 10, 1, G_MAXINT64, ret_max_size, NULL);
}

int main(int argc, char **argv)
{
	guint64 max_size;

	(void)fd_prepare_process();
	if (!parse_arguments(argc, argv, &max_size)) {
		fputs("mailchute-receive: started by mailchuted, not by hand: "
		      "mailchute-receive(8)\n",
		      stderr);
		return EX_USAGE;
	}
	(void)signal(SIGCHLD,
		     SIG_IGN); /* children are reaped by the kernel; their word is the answer */
	for (;;) {
		char ignored[16];
		int fds[MCH_FD_PACKET_MAX];
		guint n_fds = 0;
		gssize n = fd_receive_packet(MCH_RECEIVE_TEMPLATE_FD, ignored, sizeof ignored, fds,
					     &n_fds, NULL);
		if (n <= 0)
			return EX_OK; /* mailchuted is gone */
		for (guint i = 0; i < n_fds; i++) {
			fork_child(fds[i], max_size);
			fd_clear(&fds[i]);
		}
	}
}
