/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-layer.h"
#include "channels-redis-settings.h"

G_BEGIN_DECLS

#define CHANNELS_TYPE_REDIS_PUBSUB_LAYER (channels_redis_pubsub_layer_get_type ())
G_DECLARE_FINAL_TYPE (ChannelsRedisPubsubLayer,
                      channels_redis_pubsub_layer,
                      CHANNELS,
                      REDIS_PUBSUB_LAYER,
                      GObject)

ChannelsLayer *channels_redis_pubsub_layer_new (ChannelsRedisSettings *settings);

G_END_DECLS
