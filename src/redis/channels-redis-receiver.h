/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-redis-connection.h"

G_BEGIN_DECLS

/**
 * ChannelsRedisReceiverFuncs:
 * @message: gets each message of the queue, in order
 * @changed: what channels_redis_receiver_is_waiting() says has changed
 *
 * What a receiver tells whoever made it.
 */
typedef struct
{
  void (*message) (GBytes *message, gpointer user_data);
  void (*changed) (gpointer user_data);
} ChannelsRedisReceiverFuncs;

#define CHANNELS_TYPE_REDIS_RECEIVER (channels_redis_receiver_get_type ())
G_DECLARE_FINAL_TYPE (ChannelsRedisReceiver,
                      channels_redis_receiver,
                      CHANNELS,
                      REDIS_RECEIVER,
                      GObject)

ChannelsRedisReceiver *channels_redis_receiver_new (const ChannelsRedisAddress *address,
                                                    const char *queue,
                                                    gboolean discard,
                                                    const ChannelsRedisReceiverFuncs *funcs,
                                                    gpointer user_data);

gboolean channels_redis_receiver_is_waiting (ChannelsRedisReceiver *self);

void channels_redis_receiver_close (ChannelsRedisReceiver *self);

G_END_DECLS
