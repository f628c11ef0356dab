/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "channels-redis-address.h"

G_BEGIN_DECLS

GSocketConnectable *channels_redis_host_to_connectable (const ChannelsRedisHost *host);

void channels_redis_open_async (GSocketConnectable *connectable,
                                const ChannelsRedisAddress *tls,
                                gint64 timeout,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);

GSocketConnection *channels_redis_open_finish (GAsyncResult *result, GError **error);

G_END_DECLS
