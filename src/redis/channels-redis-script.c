/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-script.h"

/* Commands are done in the order in which they are sent, so whoever loads a script each time the
 * connection goes up can call it from then on without waiting for an answer. Where somebody makes
 * Redis forget it meanwhile (SCRIPT FLUSH), the call fails with NOSCRIPT, which ends the
 * connection: when it is up again the script is there. */

/**
 * channels_redis_script_init:
 * @self: uninitialised memory
 * @text: a script that lives as long
 */
void
channels_redis_script_init (ChannelsRedisScript *self, const char *text)
{
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA1, text, -1);

  self->text = text;
  g_strlcpy (self->digest, digest, sizeof self->digest);
}

/**
 * channels_redis_script_load:
 * @self: a script
 * @connection: one that has just gone up
 *
 * Makes the script known. What Redis may have against that it says to whoever calls it.
 */
void
channels_redis_script_load (const ChannelsRedisScript *self, ChannelsRedisConnection *connection)
{
  g_auto (ChannelsRedisWords) words;

  channels_redis_words_init (&words, "SCRIPT");
  channels_redis_words_add (&words, "LOAD");
  channels_redis_words_add (&words, self->text);
  channels_redis_words_send (&words, connection, NULL, NULL);
}

/**
 * channels_redis_script_begin:
 * @self: a script
 * @words: uninitialised memory: a command that calls it; the keys and arguments are yet to be added
 * @n_keys: how many of those are keys
 */
void
channels_redis_script_begin (const ChannelsRedisScript *self,
                             ChannelsRedisWords *words,
                             guint n_keys)
{
  channels_redis_words_init (words, "EVALSHA");
  channels_redis_words_add (words, self->digest);
  channels_redis_words_add_uint (words, n_keys);
}
