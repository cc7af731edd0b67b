/*
 * session-feed.c: packets between mailchuted and its deliver; see session-feed.h.
 *
 * Both sides are ours and of one version, but deliver has listened to a stranger: what it says is
 * checked field by field, and no field can make a line of another.
 */
#include "config.h"
#include "spool/session-feed.h"
#include "base/error.h"
#include "base/fd.h"
#include <string.h>

/* Which fields a word has, in order. */
enum { HAS_ID = 1, HAS_NUMBER = 2, HAS_FATE = 4, HAS_STAGE = 8, HAS_TEXT = 16 };

static const struct {
	const char *name;
	guint fields;
} words[] = {
	[MCH_FEED_HELLO] = { "hello", HAS_TEXT },
	[MCH_FEED_MESSAGE] = { "message", HAS_ID },
	[MCH_FEED_READY] = { "ready", 0 },
	[MCH_FEED_TROUBLE] = { "trouble", HAS_STAGE | HAS_TEXT },
	[MCH_FEED_EXPAND] = { "expand", HAS_ID | HAS_NUMBER | HAS_TEXT },
	[MCH_FEED_FATE] = { "fate", HAS_ID | HAS_NUMBER | HAS_FATE | HAS_TEXT },
	[MCH_FEED_DONE] = { "done", HAS_ID },
	[MCH_FEED_DAMAGED] = { "damaged", HAS_ID | HAS_TEXT },
	[MCH_FEED_BYE] = { "bye", 0 },
};

void feed_packet_clear(MchFeedPacket *packet)
{
	g_free(packet->id);
	g_free(packet->stage);
	g_free(packet->text);
	*packet = (MchFeedPacket){ 0 };
}

gboolean feed_send(int socket, const MchFeedPacket *packet, int fd, GError **error)
{
	g_autoptr(GString) line = g_string_new(words[packet->word].name);
	guint fields = words[packet->word].fields;

	if (fields & HAS_ID)
		g_string_append_printf(line, " %s", packet->id);
	if (fields & HAS_NUMBER)
		g_string_append_printf(line, " %u.%u", packet->rcpt, packet->sub);
	if (fields & HAS_FATE)
		g_string_append_printf(line, " %s", fate_name(packet->fate));
	if (fields & HAS_STAGE)
		g_string_append_printf(line, " %s", packet->stage);
	if (fields & HAS_TEXT)
		g_string_append_printf(line, " %s", packet->text ? packet->text : "");
	return fd_send_packet(socket, line->str, MIN(line->len, MCH_FEED_MAX), &fd, fd >= 0 ? 1 : 0,
			      error);
}

/* Cuts the next space-separated field off *@rest. NULL when nothing is left. */
static char *next_field(char **rest)
{
	char *field = *rest;

	if (!field)
		return NULL;
	char *space = strchr(field, ' ');
	if (space)
		*space++ = '\0';
	*rest = space;
	return field;
}

static gboolean take_number(const char *text, MchFeedPacket *packet)
{
	char *after;

	if (!text)
		return FALSE;
	packet->rcpt = (guint)g_ascii_strtoull(text, &after, 10);
	if (*after != '.' || packet->rcpt == 0)
		return FALSE;
	packet->sub = (guint)g_ascii_strtoull(after + 1, &after, 10);
	return *after == '\0' && packet->sub > 0;
}

static gboolean parse_fields(guint fields, char *rest, MchFeedPacket *packet)
{
	if (fields & HAS_ID) {
		packet->id = g_strdup(next_field(&rest));
		if (!packet->id || !spool_id_is_valid(packet->id))
			return FALSE;
	}
	if (fields & HAS_NUMBER && !take_number(next_field(&rest), packet))
		return FALSE;
	if (fields & HAS_FATE) {
		const char *name = next_field(&rest);
		if (!name || !fate_from_name(name, &packet->fate))
			return FALSE;
	}
	if (fields & HAS_STAGE && !(packet->stage = g_strdup(next_field(&rest))))
		return FALSE;
	if (fields & HAS_TEXT)
		packet->text = g_strdup(rest ? rest : "");
	return TRUE;
}

static gboolean parse_packet(char *line, MchFeedPacket *packet)
{
	char *rest = line;
	const char *name = next_field(&rest);

	for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
		if (strcmp(words[i].name, name) != 0)
			continue;
		packet->word = (MchFeedWord)i;
		return parse_fields(words[i].fields, rest, packet);
	}
	return FALSE;
}

int feed_receive(int socket, MchFeedPacket *ret_packet, int *ret_fd, GError **error)
{
	char line[MCH_FEED_MAX + 1];
	int fds[MCH_FD_PACKET_MAX];
	guint n_fds = 0;
	gssize n = fd_receive_packet(socket, line, MCH_FEED_MAX, fds, &n_fds, error);

	*ret_fd = -1;
	if (n <= 0)
		return (int)n;
	line[n] = '\0';
	for (guint i = 1; i < n_fds; i++)
		fd_clear(&fds[i]);
	g_auto(MchFeedPacket) packet = { 0 };
	mch_autofd int fd = n_fds > 0 ? fds[0] : -1;
	if (memchr(line, '\0', (gsize)n) || !parse_packet(line, &packet) ||
	    (fd >= 0) != (packet.word == MCH_FEED_MESSAGE)) {
		g_set_error(error, MCH_FORMAT_ERROR, MCH_FORMAT_ERROR_DAMAGED,
			    "session feed: a packet that is none of the words");
		return -1;
	}
	*ret_packet = packet;
	packet = (MchFeedPacket){ 0 };
	*ret_fd = fd_steal(&fd);
	return 1;
}
