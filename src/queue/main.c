/*
 * main.c: mailchuted, the queue manager: options, ownership, sockets, loop.
 *
 * Started by init, by hand, or by the front end (--once) where there is no daemon. One process owns
 * one spool, by a kernel lock. It reads envelopes and schedules, never message text, never a secret.
 */
#include "config.h"
#include "base/error.h"
#include "base/exit-code.h"
#include "base/fd.h"
#include "base/log.h"
#include "queue/control-server.h"
#include "queue/door.h"
#include "queue/manager.h"
#include "queue/recover.h"
#include "queue/startup.h"
#include "queue/template.h"
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
	gboolean once, no_linger, foreground, version;
	char *config, *spool, *sockets;
} Options;

static gboolean parse_options(int *argc, char ***argv, Options *options, GError **error)
{
	const GOptionEntry entries[] = {
		{ "once", 0, 0, G_OPTION_ARG_NONE, &options->once,
		  "Detach, and end when nothing is left to do", NULL },
		{ "no-linger", 0, 0, G_OPTION_ARG_NONE, &options->no_linger,
		  "With --once: end although mail waits for a relay that is away", NULL },
		{ "foreground", 0, 0, G_OPTION_ARG_NONE, &options->foreground,
		  "Never detach, and log to standard error", NULL },
		{ "config", 0, 0, G_OPTION_ARG_FILENAME, &options->config,
		  "The configuration (" MCH_SYSCONFDIR "/mailchute.conf)", "FILE" },
		{ "spool", 0, 0, G_OPTION_ARG_FILENAME, &options->spool,
		  "The queue's directory (" MCH_SPOOLDIR ")", "DIR" },
		{ "sockets", 0, 0, G_OPTION_ARG_FILENAME, &options->sockets,
		  "Where the sockets are (" MCH_RUNDIR ")", "DIR" },
		{ "version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Print the version",
		  NULL },
		{ NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
	};
	g_autoptr(GOptionContext) context = g_option_context_new("- mail queue manager");

	g_option_context_add_main_entries(context, entries, NULL);
	return g_option_context_parse(context, argc, argv, error);
}

static char *absolute(const char *path, const char *otherwise)
{
	return path ? g_canonicalize_filename(path, NULL) : g_strdup(otherwise);
}

static gboolean on_stop(gpointer data)
{
	manager_stop(data);
	return G_SOURCE_CONTINUE;
}

static gboolean on_reload(gpointer data)
{
	manager_load_config(data);
	manager_flush(data, NULL);
	return G_SOURCE_CONTINUE;
}

/* A manager with a spool of its own (a user's) has no syslog that its user may read: SPOOL/log. */
static int open_own_log(const MchManager *manager)
{
	return openat(manager->spool->root, "log",
		      O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
}

/* Everything up to the point where callers can connect. */
static gboolean open_up(MchManager *manager, GError **error)
{
	if (!startup_become_owner(manager->spool_path, manager->socket_dir, error))
		return FALSE;
	manager->spool = spool_open(manager->spool_path, error);
	if (!manager->spool || !spool_lock(manager->spool, error))
		return FALSE;
	if (strcmp(manager->spool_path, MCH_SPOOLDIR) != 0)
		log_also_to(open_own_log(manager));
	manager_load_config(manager);
	manager->template = template_new(manager->config->max_size, error);
	if (!manager->template)
		return FALSE;
	/* The door opens first: callers need not wait for a long queue to be read. */
	manager->door = door_new(manager, error);
	if (!manager->door)
		return FALSE;
	manager->control = control_server_new(manager, error);
	return manager->control != NULL;
}

static int exit_code_of(const GError *error)
{
	if (g_error_matches(error, MCH_SYSTEM_ERROR, EBUSY))
		return EX_TEMPFAIL;
	if (error->domain == MCH_SYSTEM_ERROR)
		return EX_CANTCREAT;
	return exit_code_for_error(error);
}

static int run(MchManager *manager, int ready)
{
	g_autoptr(GError) error = NULL;

	if (!open_up(manager, &error) || !recover_spool(manager, &error)) {
		if (ready >= 0)
			startup_tell_ready(ready, exit_code_of(error), error->message);
		else
			fprintf(stderr, "mailchuted: %s\n", error->message);
		return exit_code_of(error);
	}
	if (ready >= 0)
		startup_tell_ready(ready, EX_OK, NULL);
	log_notice(NULL, "mailchuted %s: queue %s, config %s", PACKAGE_VERSION, manager->spool_path,
		   manager->config_path);
	(void)g_unix_signal_add(SIGTERM, on_stop, manager);
	(void)g_unix_signal_add(SIGINT, on_stop, manager);
	(void)g_unix_signal_add(SIGHUP, on_reload, manager);
	manager_run(manager);
	log_notice(NULL, "mailchuted ends");
	return EX_OK;
}

int main(int argc, char **argv)
{
	Options options = { 0 };
	g_autoptr(GError) error = NULL;
	int ready = -1;

	(void)fd_prepare_process();
	if (!parse_options(&argc, &argv, &options, &error) || argc > 1) {
		fprintf(stderr, "mailchuted: %s: see mailchuted --help\n",
			error ? error->message : "takes no arguments");
		return EX_USAGE;
	}
	if (options.version) {
		puts("mailchuted " PACKAGE_VERSION);
		return EX_OK;
	}
	MchManager *manager = manager_new();
	manager->config_path = absolute(options.config, MCH_SYSCONFDIR "/mailchute.conf");
	manager->spool_path = absolute(options.spool, MCH_SPOOLDIR);
	manager->socket_dir = absolute(options.sockets, MCH_RUNDIR);
	manager->once = options.once;
	manager->linger = !options.no_linger;
	if (options.once && !options.foreground && !startup_detach(&ready, &error)) {
		fprintf(stderr, "mailchuted: %s\n", error->message);
		return EX_OSERR;
	}
	log_init("mailchuted", options.foreground ? MCH_LOG_TO_STDERR : MCH_LOG_TO_AUTO);
	int code = run(manager, ready);
	manager_free(manager);
	return code;
}
