/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-redis-send.h"
#include "channels-redis-words.h"

G_BEGIN_DECLS

/* Payloads of one command, at most. Redis does it as a whole, while others wait. */
#define CHANNELS_REDIS_PAYLOADS_MAX 128

/* Bytes of them, and the last of them beyond that. */
#define CHANNELS_REDIS_PAYLOADS_SIZE (1024 * 1024)

/**
 * CHANNELS_REDIS_BATCHES_ALL:
 *
 * Who is waited for: nobody.
 */
#define CHANNELS_REDIS_BATCHES_ALL "*"

/**
 * ChannelsRedisBatchesFunc:
 * @group: a group's name
 * @n_payloads: how many there are, > 0
 * @deaf: the nodes that are not waited for, by name with a space behind each, or
 * %CHANNELS_REDIS_BATCHES_ALL; of the payloads only those are to be sent, from the first on, that
 * all others have room for
 * @payloads: what is appended to it stands in front of the payloads, in the same word
 * @words: uninitialised memory: the command, all but its last words: how many payloads there are,
 * how many bytes stand in front of them, and the word with these and the payloads, one behind the
 * other as in a bundle (#ChannelsRedisBundle)
 * @user_data: (closure): what was given with the function
 *
 * Begins the command that sends to a group. It is answered by an array: how many payloads were
 * sent; how many other nodes took them, which is a number, or an array with one for each; an array
 * with the names of the nodes that had no room, and one with those of @deaf that had.
 *
 * Returns: (transfer none): the connection that it is for
 */
typedef ChannelsRedisConnection *(*ChannelsRedisBatchesFunc) (const char *group,
                                                              guint n_payloads,
                                                              const char *deaf,
                                                              GByteArray *payloads,
                                                              ChannelsRedisWords *words,
                                                              gpointer user_data);

/**
 * ChannelsRedisBatchesFlushedFunc:
 * @user_data: (closure): what was given with the function
 *
 * All that waited when it was flushed has gone.
 */
typedef void (*ChannelsRedisBatchesFlushedFunc) (gpointer user_data);

typedef struct _ChannelsRedisBatches ChannelsRedisBatches;

ChannelsRedisBatches *channels_redis_batches_new (ChannelsRedisBatchesFunc begin,
                                                  ChannelsRedisBatchesFlushedFunc flushed,
                                                  gpointer user_data,
                                                  guint capacity);

void channels_redis_batches_free (ChannelsRedisBatches *self);

void channels_redis_batches_add (ChannelsRedisBatches *self,
                                 const char *group,
                                 GBytes *payload,
                                 ChannelsRedisSend *send);

gboolean channels_redis_batches_flush (ChannelsRedisBatches *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsRedisBatches, channels_redis_batches_free)

G_END_DECLS
