/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-redis-send.h"
#include "channels-redis-settings.h"
#include "channels-redis-words.h"

G_BEGIN_DECLS

typedef struct _ChannelsRedisQueues ChannelsRedisQueues;

ChannelsRedisQueues *channels_redis_queues_new (const ChannelsRedisSettings *settings,
                                                GPtrArray *connections);

void channels_redis_queues_free (ChannelsRedisQueues *self);

void channels_redis_queues_load (ChannelsRedisQueues *self, ChannelsRedisConnection *connection);

void channels_redis_queues_send_to_group (ChannelsRedisQueues *self,
                                          const char *group,
                                          ChannelsEvent *event,
                                          ChannelsRedisSend *send);

void channels_redis_queues_flush (ChannelsRedisQueues *self);

void channels_redis_queues_send_to_channel (ChannelsRedisQueues *self,
                                            const char *channel,
                                            ChannelsEvent *event,
                                            ChannelsRedisSend *send);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsRedisQueues, channels_redis_queues_free)

G_END_DECLS
