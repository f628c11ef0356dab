/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-redis-connection.h"
#include "channels-redis-membership.h"
#include "channels-redis-settings.h"

G_BEGIN_DECLS

typedef struct _ChannelsRedisSweep ChannelsRedisSweep;

char *channels_redis_sweep_make_pattern (const char *key_head);

ChannelsRedisSweep *channels_redis_sweep_new (const ChannelsRedisSettings *settings,
                                              ChannelsRedisMembership *membership,
                                              ChannelsRedisConnection *connection,
                                              guint host);

void channels_redis_sweep_unref (ChannelsRedisSweep *self);

void channels_redis_sweep_run (ChannelsRedisSweep *self);

gboolean channels_redis_sweep_is_done (const ChannelsRedisSweep *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsRedisSweep, channels_redis_sweep_unref)

G_END_DECLS
