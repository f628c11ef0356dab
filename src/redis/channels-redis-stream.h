/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "channels-redis-reader.h"

G_BEGIN_DECLS

#define CHANNELS_REDIS_COMMANDS_MAX 65536                    /* under way at once */
#define CHANNELS_REDIS_UNSENT_MAX ((gsize) 32 * 1024 * 1024) /* bytes */

/**
 * ChannelsRedisStreamFuncs:
 * @message: (nullable): a message of a channel that was subscribed to; `NULL` where commands are
 * sent that do not subscribe
 * @closed: it has come to an end, and is of no further use
 *
 * What a stream tells whoever made it. Either may let go of the stream.
 */
typedef struct
{
  void (*message) (const char *channel, GBytes *payload, gpointer user_data);
  void (*closed) (const GError *error, gpointer user_data);
} ChannelsRedisStreamFuncs;

#define CHANNELS_TYPE_REDIS_STREAM (channels_redis_stream_get_type ())
G_DECLARE_FINAL_TYPE (ChannelsRedisStream, channels_redis_stream, CHANNELS, REDIS_STREAM, GObject)

ChannelsRedisStream *channels_redis_stream_new (GSocketConnection *connection,
                                                const ChannelsRedisStreamFuncs *funcs,
                                                gpointer user_data);

void channels_redis_stream_send (ChannelsRedisStream *self,
                                 guint argc,
                                 const char *const *argv,
                                 const gsize *lengths,
                                 gint64 timeout,
                                 GTask *task);

void channels_redis_stream_set_held (ChannelsRedisStream *self, gboolean held);

gint64 channels_redis_stream_get_last_heard (ChannelsRedisStream *self);

void channels_redis_stream_catch_up (ChannelsRedisStream *self);

guint channels_redis_stream_get_n_commands (ChannelsRedisStream *self);

void channels_redis_stream_close (ChannelsRedisStream *self);

G_END_DECLS
