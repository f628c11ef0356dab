/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-redis-script.h"
#include "channels-redis-send.h"

G_BEGIN_DECLS

/* An event's index that stands for all of them. */
#define CHANNELS_REDIS_PUSH_ALL G_MAXUINT

typedef struct _ChannelsRedisPush ChannelsRedisPush;

extern const char channels_redis_push_script[];

ChannelsRedisPush *channels_redis_push_new (GPtrArray *sends,
                                            const char *channel,
                                            const ChannelsRedisScript *script,
                                            guint expiry,
                                            ChannelsRedisConnection *connection);

void channels_redis_push_add (ChannelsRedisPush *self,
                              const char *queue,
                              guint capacity,
                              gint64 score,
                              guint event,
                              GBytes *message);

void channels_redis_push_end (ChannelsRedisPush *self);

G_END_DECLS
