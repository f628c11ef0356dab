/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-layer.h"
#include "channels-redis-words.h"

G_BEGIN_DECLS

typedef struct _ChannelsRedisFarewell ChannelsRedisFarewell;

/**
 * ChannelsRedisFarewellFunc:
 * @layer: the layer that stops
 *
 * Closes all connections of a layer. May be called twice.
 */
typedef void (*ChannelsRedisFarewellFunc) (ChannelsLayer *layer);

ChannelsRedisFarewell *channels_redis_farewell_begin (ChannelsLayer *layer,
                                                      ChannelsRedisFarewellFunc close,
                                                      GCancellable *cancellable,
                                                      GAsyncReadyCallback callback,
                                                      gpointer user_data);

void channels_redis_farewell_send (ChannelsRedisFarewell *self,
                                   const ChannelsRedisWords *words,
                                   ChannelsRedisConnection *connection);

void channels_redis_farewell_fail (ChannelsRedisFarewell *self, const char *why);

void channels_redis_farewell_end (ChannelsRedisFarewell *self);

gboolean
channels_redis_farewell_finish (ChannelsLayer *layer, GAsyncResult *result, GError **error);

G_END_DECLS
