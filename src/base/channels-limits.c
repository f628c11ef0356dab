/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-limits.h"

#define KIB ((guint64) 1024)
#define MIB (1024 * KIB)
#define DAY ((guint64) 86400)

/* The table of the manual, channels.conf(5). The upper ends keep sums of them far from overflow. */
static const ChannelsLimitInfo infos[] = {
  [CHANNELS_LIMIT_MESSAGE_SIZE] = { "MessageSize", 1 * MIB, 1 * KIB, 16 * MIB },
  [CHANNELS_LIMIT_NESTING] = { "Nesting", 32, 1, 128 },
  [CHANNELS_LIMIT_BACKLOG] = { "Backlog", 1 * MIB, 64 * KIB, 1024 * MIB },
  [CHANNELS_LIMIT_BACKLOG_EVENTS] = { "BacklogEvents", 1024, 1, 1000000 },
  [CHANNELS_LIMIT_CONNECTIONS] = { "Connections", 10000, 1, 1000000 },
  [CHANNELS_LIMIT_REQUEST_HEAD] = { "RequestHead", 16 * KIB, 1 * KIB, 64 * KIB },
  [CHANNELS_LIMIT_REQUEST_TIME] = { "RequestTime", 5, 1, 300 },
  [CHANNELS_LIMIT_REQUEST_BODY] = { "RequestBody", 64 * KIB, 0, 16 * MIB },
  [CHANNELS_LIMIT_PING_INTERVAL] = { "PingInterval", 20, 0, DAY },
  [CHANNELS_LIMIT_PONG_TIMEOUT] = { "PongTimeout", 30, 1, DAY },
  [CHANNELS_LIMIT_MESSAGE_RATE] = { "MessageRate", 100, 0, 1000000 },
  [CHANNELS_LIMIT_MESSAGE_BURST] = { "MessageBurst", 200, 1, 1000000 },
  [CHANNELS_LIMIT_GROUPS_PER_PEER] = { "GroupsPerPeer", 64, 1, 100000 },
  [CHANNELS_LIMIT_EVENT_SIZE] = { "EventSize", 1 * MIB, 1 * KIB, 16 * MIB },
};

G_STATIC_ASSERT (G_N_ELEMENTS (infos) == CHANNELS_N_LIMITS);

/**
 * channels_limit_get_info:
 * @limit: which bound
 *
 * Returns: (transfer none): its key, default and range
 */
const ChannelsLimitInfo *
channels_limit_get_info (ChannelsLimit limit)
{
  g_return_val_if_fail (limit < CHANNELS_N_LIMITS, NULL);

  return &infos[limit];
}

/**
 * channels_limits_init:
 * @self: (out caller-allocates): the bounds
 *
 * Sets each bound to its default.
 */
void
channels_limits_init (ChannelsLimits *self)
{
  for (guint i = 0; i < CHANNELS_N_LIMITS; i++)
    self->value[i] = infos[i].value;
}
