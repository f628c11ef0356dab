/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channels-redis-connection.h"

/* Commands a second of a ChannelsRedisConnection: PUBLISH, so many under way all the time.
 *
 *     bench-redis-commands URL UNDER-WAY SECONDS SIZE
 *
 * prints one JSON object; to be compared with redis-benchmark -P UNDER-WAY PUBLISH on the same
 * server. Every command must be answered, by a number; the exit status is 1 where one was not. */

#define US_PER_S 1e6
#define TIMEOUT (30 * G_TIME_SPAN_SECOND)
#define WORDS 3

typedef struct
{
  ChannelsRedisConnection *connection; /* (owned) */
  GMainLoop *loop;                     /* (owned) */
  const char *words[WORDS];
  gsize lengths[WORDS];
  guint n_under_way; /* as many as are wanted */
  gint64 end;        /* µs, monotonic */
  guint64 n_sent;
  guint64 n_answered;
  gboolean failed;
} Bench;

static void answer_cb (GObject *source, GAsyncResult *result, gpointer user_data);

static void
send_command (Bench *self)
{
  self->n_sent++;
  channels_redis_connection_command_async (self->connection, WORDS, self->words, self->lengths,
                                           TIMEOUT, NULL, answer_cb, self);
}

static void
answer_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Bench *self = user_data;
  g_autoptr (GError) error = NULL;
  ChannelsRedisReply *reply =
      channels_redis_connection_command_finish (self->connection, result, &error);

  self->n_answered++;
  if (reply == NULL || reply->type != REDIS_REPLY_INTEGER)
    {
      g_printerr ("bench-redis-commands: %s\n", error != NULL ? error->message : "no number");
      self->failed = TRUE;
    }
  g_clear_pointer (&reply, channels_redis_reply_free);

  if (!self->failed && g_get_monotonic_time () < self->end)
    send_command (self);
  else if (self->n_answered == self->n_sent)
    g_main_loop_quit (self->loop);
}

static void
on_up (ChannelsRedisConnection *connection, Bench *self)
{
  for (guint i = 0; i < self->n_under_way; i++)
    send_command (self);
}

static void
on_down (ChannelsRedisConnection *connection, Bench *self)
{
  self->failed = TRUE;
  g_main_loop_quit (self->loop);
}

int
main (int argc, char *argv[])
{
  Bench bench = { 0 };
  ChannelsRedisConnectionOptions options;
  g_autoptr (ChannelsRedisAddress) address = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *payload = NULL;
  double seconds;
  gint64 start;

  if (argc != 5)
    {
      g_printerr ("Usage: bench-redis-commands URL UNDER-WAY SECONDS SIZE\n");
      return EXIT_FAILURE;
    }
  address = channels_redis_address_parse (argv[1], &error);
  if (address == NULL)
    {
      g_printerr ("bench-redis-commands: %s\n", error->message);
      return EXIT_FAILURE;
    }

  bench.n_under_way = (guint) MAX (g_ascii_strtoll (argv[2], NULL, 10), 1);
  seconds = g_ascii_strtod (argv[3], NULL);
  bench.lengths[0] = strlen (bench.words[0] = "PUBLISH");
  bench.lengths[1] = strlen (bench.words[1] = "bench");
  bench.lengths[2] = (gsize) MAX (g_ascii_strtoll (argv[4], NULL, 10), 0);
  bench.words[2] = payload = g_strnfill (bench.lengths[2], 'x');
  bench.loop = g_main_loop_new (NULL, FALSE);

  start = g_get_monotonic_time ();
  bench.end = start + (gint64) (seconds * US_PER_S);
  channels_redis_connection_options_init (&options);
  bench.connection =
      channels_redis_connection_new (address, CHANNELS_REDIS_CONNECTION_COMMANDS, &options);
  g_signal_connect (bench.connection, "up", G_CALLBACK (on_up), &bench);
  g_signal_connect (bench.connection, "down", G_CALLBACK (on_down), &bench);
  g_main_loop_run (bench.loop);

  printf ("{\"under_way\": %u, \"size\": %" G_GSIZE_FORMAT ", \"commands\": %" G_GUINT64_FORMAT
          ", \"commands_per_s\": %.0f}\n",
          bench.n_under_way, bench.lengths[2], bench.n_answered,
          (double) bench.n_answered / ((double) (g_get_monotonic_time () - start) / US_PER_S));

  channels_redis_connection_close (bench.connection);
  g_object_unref (bench.connection);
  g_main_loop_unref (bench.loop);

  return bench.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
