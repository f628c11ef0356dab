/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-redis-stream.h"

G_BEGIN_DECLS

/**
 * ChannelsRedisDeaf:
 *
 * The nodes that nobody waits for, as they do not read what is in their queue.
 */
typedef GHashTable ChannelsRedisDeaf;

ChannelsRedisDeaf *channels_redis_deaf_new (void);

void channels_redis_deaf_free (ChannelsRedisDeaf *self);

void channels_redis_deaf_add (ChannelsRedisDeaf *self, const ChannelsRedisReply *names);

void channels_redis_deaf_remove (ChannelsRedisDeaf *self, const ChannelsRedisReply *names);

char *channels_redis_deaf_join (ChannelsRedisDeaf *self);

G_END_DECLS
