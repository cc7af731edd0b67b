/*
 * door.h: the submit socket: who may come in, and what makes a message accepted.
 */
#pragma once
#include "queue/manager.h"

/* Opens the door of @manager: the inherited socket when there is one, else @socket_dir/submit. */
MchDoor *door_new(MchManager *manager, GError **error);
void door_free(MchDoor *door);

/* TRUE while a submission is being received or committed. */
gboolean door_is_busy(const MchDoor *door);

/*
 * Takes the socket away from new callers. FALSE when somebody had connected in the meantime (he is
 * served) or when the socket is init's, which never goes away.
 */
gboolean door_close(MchDoor *door);
gboolean door_open_again(MchDoor *door, GError **error);

/* Commits a complete, synced file tmp/@id that we wrote ourselves (a bounce); @done is called with
 * the result after queue/ was synced. The file counts as submitted by @uid. */
void door_commit_own(MchDoor *door, const char *id, int file,
		     void (*done)(gboolean committed, gpointer data), gpointer data);
