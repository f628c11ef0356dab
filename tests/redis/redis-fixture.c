/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "redis-fixture.h"

void
redis_options_init_short (ChannelsRedisConnectionOptions *options)
{
  channels_redis_connection_options_init (options);
  options->backoff_floor = 2 * G_TIME_SPAN_MILLISECOND;
  options->backoff_ceiling = 20 * G_TIME_SPAN_MILLISECOND;
  options->refused_floor = 100 * G_TIME_SPAN_MILLISECOND;
}

static void
on_up (ChannelsRedisConnection *connection, RedisClient *self)
{
  g_assert_true (channels_redis_connection_is_up (connection));
  self->n_up++;
}

static void
on_down (ChannelsRedisConnection *connection, RedisClient *self)
{
  g_assert_false (channels_redis_connection_is_up (connection));
  self->n_down++;
}

static void
on_message (const char *channel, GBytes *payload, gpointer user_data)
{
  RedisClient *self = user_data;

  g_ptr_array_add (self->messages,
                   g_strdup_printf ("%s %.*s", channel, (int) g_bytes_get_size (payload),
                                    (const char *) g_bytes_get_data (payload, NULL)));
}

RedisClient *
redis_client_new (const char *url,
                  ChannelsRedisConnectionMode mode,
                  const ChannelsRedisConnectionOptions *options)
{
  RedisClient *self = g_new0 (RedisClient, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisAddress) address = channels_redis_address_parse (url, &error);

  g_assert_no_error (error);
  self->messages = g_ptr_array_new_with_free_func (g_free);
  self->connection = channels_redis_connection_new (address, mode, options);
  g_signal_connect (self->connection, "up", G_CALLBACK (on_up), self);
  g_signal_connect (self->connection, "down", G_CALLBACK (on_down), self);
  channels_redis_connection_set_message_func (self->connection, on_message, self);

  return self;
}

RedisClient *
redis_client_new_up (const char *socket)
{
  g_autofree char *url = g_strconcat ("unix://", socket, NULL);
  ChannelsRedisConnectionOptions options;
  RedisClient *client;

  redis_options_init_short (&options);
  client = redis_client_new (url, CHANNELS_REDIS_CONNECTION_COMMANDS, &options);
  channels_test_wait_until (client->n_up == 1);

  return client;
}

void
redis_client_free (RedisClient *self)
{
  if (self->connection != NULL)
    g_assert_finalize_object (g_steal_pointer (&self->connection));

  g_ptr_array_unref (self->messages);
  g_free (self);
}

static void
answer_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  RedisAnswer *answer = user_data;

  answer->n_calls++;
  g_assert_cmpuint (answer->n_calls, ==, 1);
  answer->reply = channels_redis_connection_command_finish (CHANNELS_REDIS_CONNECTION (source),
                                                            result, &answer->error);
  g_assert_true ((answer->reply == NULL) == (answer->error != NULL));
}

void
redis_client_send_cancellable (RedisClient *self,
                               const char *command,
                               gint64 timeout,
                               GCancellable *cancellable,
                               RedisAnswer *answer)
{
  g_auto (GStrv) words = g_strsplit (command, " ", -1);

  channels_redis_connection_command_async (self->connection, g_strv_length (words),
                                           (const char *const *) words, NULL, timeout, cancellable,
                                           answer_cb, answer);
}

void
redis_client_send (RedisClient *self, const char *command, RedisAnswer *answer)
{
  redis_client_send_cancellable (self, command, REDIS_PATIENCE, NULL, answer);
}

void
redis_client_call (RedisClient *self, const char *command, RedisAnswer *answer)
{
  redis_client_send (self, command, answer);
  channels_test_wait_until (answer->n_calls == 1);
}

void
redis_client_run (RedisClient *self, const char *command)
{
  g_auto (RedisAnswer) answer = { 0 };

  redis_client_call (self, command, &answer);
  g_assert_no_error (answer.error);
}

void
redis_settings_add_url (ChannelsRedisSettings *settings, const char *url)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisAddress) address = channels_redis_address_parse (url, &error);

  g_assert_no_error (error);
  channels_redis_settings_add_host (settings, address);
}

void
redis_answer_clear (RedisAnswer *self)
{
  g_clear_pointer (&self->reply, channels_redis_reply_free);
  g_clear_error (&self->error);
  self->n_calls = 0;
}
