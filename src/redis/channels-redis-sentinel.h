/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "channels-redis-address.h"

G_BEGIN_DECLS

void channels_redis_sentinel_find_async (const ChannelsRedisAddress *address,
                                         gint64 timeout,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);

GSocketConnectable *channels_redis_sentinel_find_finish (GAsyncResult *result, GError **error);

G_END_DECLS
