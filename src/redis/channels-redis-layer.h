/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-layer.h"
#include "channels-redis-settings.h"

G_BEGIN_DECLS

#define CHANNELS_TYPE_REDIS_LAYER (channels_redis_layer_get_type ())
G_DECLARE_FINAL_TYPE (ChannelsRedisLayer, channels_redis_layer, CHANNELS, REDIS_LAYER, GObject)

ChannelsLayer *channels_redis_layer_new (ChannelsRedisSettings *settings, gboolean restarted);

G_END_DECLS
