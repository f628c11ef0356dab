/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>
#include <hiredis/hiredis.h>

G_BEGIN_DECLS

#define CHANNELS_REDIS_REPLY_MAX ((gsize) 16 * 1024 * 1024) /* bytes of one reply */
#define CHANNELS_REDIS_ELEMENTS_MAX 1000000 /* of one reply, in all its arrays together */

/**
 * ChannelsRedisReply:
 *
 * A reply, as hiredis has it: see its `hiredis.h` for the fields.
 */
typedef struct redisReply ChannelsRedisReply;

void channels_redis_reply_free (ChannelsRedisReply *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsRedisReply, channels_redis_reply_free)

gboolean channels_redis_reply_is (const ChannelsRedisReply *self, const char *word);

typedef struct _ChannelsRedisReader ChannelsRedisReader;

ChannelsRedisReader *channels_redis_reader_new (void);

void channels_redis_reader_free (ChannelsRedisReader *self);

gboolean channels_redis_reader_feed (ChannelsRedisReader *self,
                                     gconstpointer data,
                                     gsize size,
                                     GError **error);

gboolean channels_redis_reader_next (ChannelsRedisReader *self,
                                     ChannelsRedisReply **out_reply,
                                     GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsRedisReader, channels_redis_reader_free)

G_END_DECLS
