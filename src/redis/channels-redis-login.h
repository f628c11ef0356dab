/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-redis-address.h"
#include "channels-redis-stream.h"

G_BEGIN_DECLS

void channels_redis_login_async (ChannelsRedisStream *stream,
                                 const ChannelsRedisAddress *address,
                                 gint64 timeout,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);

gboolean
channels_redis_login_finish (ChannelsRedisStream *stream, GAsyncResult *result, GError **error);

G_END_DECLS
