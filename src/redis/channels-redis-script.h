/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-redis-connection.h"
#include "channels-redis-words.h"

G_BEGIN_DECLS

#define CHANNELS_REDIS_DIGEST_SIZE 41 /* of SHA-1 in hexadecimal digits, with a NUL */

/**
 * ChannelsRedisScript:
 * @text: (unowned): the script, in Lua
 * @digest: by which Redis knows it once it was loaded
 *
 * A script that is sent once a connection, and then called by its digest. A plain value; see
 * `channels-redis-script.c`.
 */
typedef struct
{
  const char *text;
  char digest[CHANNELS_REDIS_DIGEST_SIZE];
} ChannelsRedisScript;

void channels_redis_script_init (ChannelsRedisScript *self, const char *text);

void channels_redis_script_load (const ChannelsRedisScript *self,
                                 ChannelsRedisConnection *connection);

void channels_redis_script_begin (const ChannelsRedisScript *self,
                                  ChannelsRedisWords *words,
                                  guint n_keys);

G_END_DECLS
