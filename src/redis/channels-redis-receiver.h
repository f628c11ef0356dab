/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-redis-connection.h"

G_BEGIN_DECLS

/**
 * ChannelsRedisReceiverFunc:
 * @data: (nullable): a message
 * @length: its bytes
 * @user_data: as given
 *
 * Gets each message of a queue, in order.
 */
typedef void (*ChannelsRedisReceiverFunc) (const guint8 *data, gsize length, gpointer user_data);

#define CHANNELS_TYPE_REDIS_RECEIVER (channels_redis_receiver_get_type ())
G_DECLARE_FINAL_TYPE (ChannelsRedisReceiver,
                      channels_redis_receiver,
                      CHANNELS,
                      REDIS_RECEIVER,
                      GObject)

ChannelsRedisReceiver *channels_redis_receiver_new (const ChannelsRedisAddress *address,
                                                    const char *queue,
                                                    ChannelsRedisReceiverFunc func,
                                                    gpointer user_data);

void channels_redis_receiver_close (ChannelsRedisReceiver *self);

G_END_DECLS
