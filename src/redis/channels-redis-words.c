/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-words.h"

#include <string.h>

/* How long Redis may take for a command that does not block. */
#define TIMEOUT (3 * G_TIME_SPAN_SECOND)

/**
 * channels_redis_words_init:
 * @self: uninitialised memory
 * @command: the first word
 */
void
channels_redis_words_init (ChannelsRedisWords *self, const char *command)
{
  self->words = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  channels_redis_words_add (self, command);
}

/**
 * channels_redis_words_clear:
 * @self: a command
 *
 * Lets go of the words.
 */
void
channels_redis_words_clear (ChannelsRedisWords *self)
{
  g_clear_pointer (&self->words, g_ptr_array_unref);
}

/**
 * channels_redis_words_add:
 * @self: a command
 * @word: the next word, which is copied
 */
void
channels_redis_words_add (ChannelsRedisWords *self, const char *word)
{
  g_ptr_array_add (self->words, g_bytes_new (word, strlen (word)));
}

/**
 * channels_redis_words_add_bytes:
 * @self: a command
 * @word: the next word
 */
void
channels_redis_words_add_bytes (ChannelsRedisWords *self, GBytes *word)
{
  g_ptr_array_add (self->words, g_bytes_ref (word));
}

/**
 * channels_redis_words_add_uint:
 * @self: a command
 * @number: the next word, in decimal
 */
void
channels_redis_words_add_uint (ChannelsRedisWords *self, guint number)
{
  g_autofree char *word = g_strdup_printf ("%u", number);

  channels_redis_words_add (self, word);
}

/**
 * channels_redis_words_add_time:
 * @self: a command
 * @time: µs since 1970
 *
 * Adds a time as the next word, in seconds, as a score.
 */
void
channels_redis_words_add_time (ChannelsRedisWords *self, gint64 time)
{
  g_autofree char *word = g_strdup_printf ("%" G_GINT64_FORMAT ".%06d", time / G_USEC_PER_SEC,
                                           (int) (time % G_USEC_PER_SEC));

  channels_redis_words_add (self, word);
}

/**
 * channels_redis_words_add_too_old:
 * @self: a command
 * @head: `(`, or nothing
 * @age: seconds
 *
 * Adds the score of what is as old as that as the next word, behind @head.
 */
void
channels_redis_words_add_too_old (ChannelsRedisWords *self, const char *head, guint age)
{
  g_autofree char *word =
      g_strdup_printf ("%s%" G_GINT64_FORMAT, head, g_get_real_time () / G_USEC_PER_SEC - age);

  channels_redis_words_add (self, word);
}

/**
 * channels_redis_words_send:
 * @self: a command that does not block
 * @connection: whereto
 * @callback: (nullable): as with channels_redis_connection_command_async()
 * @user_data: (closure): passed to @callback
 *
 * Sends it; it can be sent again.
 */
void
channels_redis_words_send (const ChannelsRedisWords *self,
                           ChannelsRedisConnection *connection,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  guint argc = self->words->len;
  g_autofree const char **argv = g_new (const char *, argc);
  g_autofree gsize *lengths = g_new (gsize, argc);

  for (guint i = 0; i < argc; i++)
    {
      const char *word = g_bytes_get_data (g_ptr_array_index (self->words, i), &lengths[i]);

      argv[i] = word != NULL ? word : "";
    }

  channels_redis_connection_command_async (connection, argc, argv, lengths, TIMEOUT, NULL, callback,
                                           user_data);
}
