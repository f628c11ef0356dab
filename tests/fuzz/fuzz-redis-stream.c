/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "fuzz.h"

#include "channels-redis-stream.h"

#include <sys/socket.h>
#include <unistd.h>

/* Whatever a Redis says to commands, and to those that subscribe, and then hangs up: each command
 * ends once, and the stream does, once. The first byte says which commands, and how many. */

#define SUBSCRIBES 0x80
#define COMMANDS_MASK 0x07

/* Bytes that a socket holds for a peer that has not come to read yet. */
#define SIZE_MAX_SAID 32768

typedef struct
{
  gboolean subscribes;
  guint n_sent;
  guint n_ended;
  guint n_closed;
} Talk;

static void
on_message (const char *channel, GBytes *payload, gpointer user_data)
{
  const Talk *talk = user_data;

  g_assert_true (talk->subscribes);
  g_assert_cmpuint (talk->n_closed, ==, 0);
  g_assert_nonnull (channel);
  g_assert_nonnull (payload);
}

static void
on_closed (const GError *error, gpointer user_data)
{
  Talk *talk = user_data;

  g_assert_nonnull (error);
  talk->n_closed++;
}

static const ChannelsRedisStreamFuncs command_funcs = { .closed = on_closed };

static const ChannelsRedisStreamFuncs subscriber_funcs = {
  .message = on_message,
  .closed = on_closed,
};

static void
answer_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Talk *talk = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisReply) reply = g_task_propagate_pointer (G_TASK (result), &error);

  g_assert_true ((reply == NULL) == (error != NULL));
  g_assert_true (reply == NULL || reply->type != REDIS_REPLY_ERROR);
  talk->n_ended++;
}

/* Our end of a connection whose other end has said all of it already, and says no more. */
static GSocketConnection *
make_connection (const guint8 *data, gsize size, int *out_peer)
{
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GError) error = NULL;
  int ends[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), ==, 0);
  g_assert_cmpint (write (ends[1], data, size), ==, size);
  g_assert_cmpint (shutdown (ends[1], SHUT_WR), ==, 0);
  *out_peer = ends[1];

  socket = g_socket_new_from_fd (ends[0], &error);
  g_assert_no_error (error);

  return g_socket_connection_factory_create_connection (socket);
}

static void
send_command (ChannelsRedisStream *stream, Talk *talk)
{
  const char *subscribe[] = { "SUBSCRIBE", "a", "b" };
  const char *ping[] = { "PING" };
  GTask *task = g_task_new (NULL, NULL, answer_cb, talk);

  if (talk->subscribes)
    channels_redis_stream_send (stream, G_N_ELEMENTS (subscribe), subscribe, NULL,
                                G_TIME_SPAN_MINUTE, task);
  else
    channels_redis_stream_send (stream, G_N_ELEMENTS (ping), ping, NULL, G_TIME_SPAN_MINUTE, task);
  talk->n_sent++;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GSocketConnection) connection = NULL;
  ChannelsRedisStream *stream;
  Talk talk = { 0 };
  int peer;

  if (size < 2 || size > SIZE_MAX_SAID)
    return 0;

  talk.subscribes = (data[0] & SUBSCRIBES) != 0;
  connection = make_connection (data + 1, size - 1, &peer);
  stream = channels_redis_stream_new (connection,
                                      talk.subscribes ? &subscriber_funcs : &command_funcs, &talk);
  for (guint i = 0; i < (data[0] & COMMANDS_MASK); i++)
    send_command (stream, &talk);

  while (talk.n_closed == 0 || talk.n_ended < talk.n_sent)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (channels_redis_stream_get_n_commands (stream), ==, 0);
  while (g_main_context_iteration (NULL, FALSE))
    continue;

  g_assert_cmpuint (talk.n_closed, ==, 1);
  g_assert_cmpuint (talk.n_ended, ==, talk.n_sent);
  g_assert_finalize_object (G_OBJECT (stream));
  close (peer);

  return 0;
}
