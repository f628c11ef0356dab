/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-redis-complaint.h"

G_BEGIN_DECLS

/**
 * ChannelsRedisIdle:
 * @heartbeat: µs: silence after which Redis is to be pinged; 0: it has closed nothing yet
 * @closed: that Redis closed a connection, in the log
 *
 * A Redis that closes connections which are idle, and how one is kept from it. A plain value, zero
 * at first; see `channels-redis-idle.c`.
 */
typedef struct
{
  gint64 heartbeat;
  ChannelsRedisComplaint closed;
} ChannelsRedisIdle;

gboolean channels_redis_idle_closed (ChannelsRedisIdle *self, const char *host, gint64 silent);

void channels_redis_idle_forget (ChannelsRedisIdle *self);

gint64 channels_redis_idle_get_heartbeat (const ChannelsRedisIdle *self, gint64 heartbeat);

G_END_DECLS
