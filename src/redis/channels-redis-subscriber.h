/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-redis-connection.h"
#include "channels-redis-farewell.h"

G_BEGIN_DECLS

#define CHANNELS_TYPE_REDIS_SUBSCRIBER (channels_redis_subscriber_get_type ())
G_DECLARE_FINAL_TYPE (ChannelsRedisSubscriber,
                      channels_redis_subscriber,
                      CHANNELS,
                      REDIS_SUBSCRIBER,
                      GObject)

/**
 * ChannelsRedisSubscriberFuncs:
 * @message: gets what others publish: @channel is a channel of Redis
 * @changed: what channels_redis_subscriber_is_ready() says has changed
 *
 * What a subscriber tells whoever made it.
 */
typedef struct
{
  void (*message) (ChannelsRedisSubscriber *subscriber,
                   const char *channel,
                   GBytes *payload,
                   gpointer user_data);
  void (*changed) (gpointer user_data);
} ChannelsRedisSubscriberFuncs;

ChannelsRedisSubscriber *channels_redis_subscriber_new (const ChannelsRedisAddress *address,
                                                        const char *node_prefix,
                                                        const ChannelsRedisSubscriberFuncs *funcs,
                                                        gpointer user_data);

char *channels_redis_subscriber_get_bundles (const char *channel);

char *channels_redis_subscriber_get_own (const char *channel, const char *node_prefix);

void channels_redis_subscriber_add (ChannelsRedisSubscriber *self, const char *channel);

void channels_redis_subscriber_remove (ChannelsRedisSubscriber *self, const char *channel);

void channels_redis_subscriber_set_held (ChannelsRedisSubscriber *self, gboolean held);

gboolean channels_redis_subscriber_is_ready (ChannelsRedisSubscriber *self);

void channels_redis_subscriber_leave (ChannelsRedisSubscriber *self,
                                      ChannelsRedisFarewell *farewell);

void channels_redis_subscriber_close (ChannelsRedisSubscriber *self);

G_END_DECLS
