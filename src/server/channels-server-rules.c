/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-server-private.h"

#include <sys/resource.h>

/* What a server goes by, which may change while it runs. */

/* Descriptors kept back for the bus, the layer, files. */
#define SPARE_FDS 64

/* Never more connections than there are descriptors for, with those of whoever comes and goes. */
static guint64
bound_by_descriptors (guint64 connections)
{
  struct rlimit files;
  guint64 kept = SPARE_FDS + CHANNELS_DOOR_HANDSHAKES_MAX + TRANSIENTS_MAX + REFUSED_MAX;

  if (getrlimit (RLIMIT_NOFILE, &files) < 0 || files.rlim_cur == RLIM_INFINITY)
    return connections;

  return MIN (connections, files.rlim_cur > 2 * kept ? files.rlim_cur - kept : files.rlim_cur / 2);
}

/**
 * channels_server_set_rules:
 * @self: a server, maybe in the making
 * @limits: its bounds
 * @router: which path leads where
 *
 * Sets what @self itself goes by; the door has its own.
 */
void
channels_server_set_rules (ChannelsServer *self,
                           const ChannelsLimits *limits,
                           ChannelsRouter *router)
{
  self->limits = *limits;
  self->limits.value[CHANNELS_LIMIT_CONNECTIONS] =
      bound_by_descriptors (limits->value[CHANNELS_LIMIT_CONNECTIONS]);
  channels_router_ref (router);
  g_clear_pointer (&self->router, channels_router_unref);
  self->router = router;
}

/**
 * channels_server_change:
 * @self: a server
 * @limits: its bounds
 * @router: which path leads where
 * @guard: (transfer full): who may come in
 * @allow_other_users: whether other users of this machine may
 * @error: return location for a `GError`, or `NULL`
 *
 * Has other rules from now on. Who is connected stays so, in the group that it is in and with the
 * bounds that it came in with, but for `Nesting`.
 *
 * Returns: `TRUE` if it has, `FALSE` with @error set and the old rules otherwise
 */
gboolean
channels_server_change (ChannelsServer *self,
                        const ChannelsLimits *limits,
                        ChannelsRouter *router,
                        ChannelsGuard *guard,
                        gboolean allow_other_users,
                        GError **error)
{
  if (!channels_door_change (self->door, limits, guard, allow_other_users, error))
    return FALSE;

  channels_server_set_rules (self, limits, router);
  channels_audiences_set_max_depth (self->audiences, limits->value[CHANNELS_LIMIT_NESTING]);

  return TRUE;
}
