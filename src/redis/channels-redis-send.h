/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-layer.h"

G_BEGIN_DECLS

typedef struct _ChannelsRedisSend ChannelsRedisSend;

ChannelsRedisSend *channels_redis_send_begin (ChannelsLayer *layer,
                                              GCancellable *cancellable,
                                              GAsyncReadyCallback callback,
                                              gpointer user_data);

void channels_redis_send_begin_part (ChannelsRedisSend *self);

void channels_redis_send_end_part (ChannelsRedisSend *self, guint remotes, const GError *error);

gboolean channels_redis_send_finish (ChannelsLayer *layer,
                                     GAsyncResult *result,
                                     guint *out_remotes,
                                     GError **error);

G_END_DECLS
