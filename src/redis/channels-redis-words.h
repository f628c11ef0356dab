/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-redis-connection.h"

G_BEGIN_DECLS

/**
 * ChannelsRedisWords:
 *
 * A command that is put together word by word; any of them may have NUL in it. A plain value; see
 * `channels-redis-words.c`.
 */
typedef struct
{
  GPtrArray *words; /* (element-type GBytes) (owned) */
} ChannelsRedisWords;

void channels_redis_words_init (ChannelsRedisWords *self, const char *command);

void channels_redis_words_clear (ChannelsRedisWords *self);

void channels_redis_words_add (ChannelsRedisWords *self, const char *word);

void channels_redis_words_add_bytes (ChannelsRedisWords *self, GBytes *word);

void channels_redis_words_add_uint (ChannelsRedisWords *self, guint number);

void channels_redis_words_add_time (ChannelsRedisWords *self, gint64 time);

void channels_redis_words_add_too_old (ChannelsRedisWords *self, const char *head, guint age);

void channels_redis_words_send (const ChannelsRedisWords *self,
                                ChannelsRedisConnection *connection,
                                GAsyncReadyCallback callback,
                                gpointer user_data);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ChannelsRedisWords, channels_redis_words_clear)

G_END_DECLS
