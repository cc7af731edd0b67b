/*
 * control-server.h: answers `mailq` and its kin on the control socket; see submit/control.h.
 */
#pragma once
#include "queue/manager.h"

/* Opens the socket of @manager: the inherited one, else @socket_dir/control. */
MchControlServer *control_server_new(MchManager *manager, GError **error);
/* Unlinks what it bound. */
void control_server_free(MchControlServer *server);

/* TRUE while a caller is being answered. */
gboolean control_server_is_busy(const MchControlServer *server);
