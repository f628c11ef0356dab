/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "channels-redis-address.h"

G_BEGIN_DECLS

/**
 * ChannelsRedisProbe:
 * @version: (nullable): of the server, such as `7.0.15`
 * @maxmemory: bytes that it may take; 0: as many as there are
 * @policy: (nullable): what it drops when it has taken them: its `maxmemory-policy`
 * @has_clock: whether it has said what time it is
 * @clock_offset: µs by which its clock is ahead of ours; behind where it is negative
 * @has_nodes: whether it has said who is in the groups
 * @n_nodes: how many nodes are, at least
 *
 * What a look at a Redis has found. What its user may not ask for is `NULL` or not there.
 */
typedef struct
{
  char *version; /* (owned) */
  guint64 maxmemory;
  char *policy; /* (owned) */
  gboolean has_clock;
  gint64 clock_offset;
  gboolean has_nodes;
  guint n_nodes;
} ChannelsRedisProbe;

void channels_redis_probe_async (const ChannelsRedisAddress *address,
                                 const char *prefix,
                                 gboolean pubsub,
                                 gint64 timeout,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);

ChannelsRedisProbe *channels_redis_probe_finish (GAsyncResult *result, GError **error);

void channels_redis_probe_free (ChannelsRedisProbe *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsRedisProbe, channels_redis_probe_free)

G_END_DECLS
