/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-stream.h"

#include "channels-error.h"
#include "channels-redis-command.h"
#include "channels-redis-error.h"
#include "channels-redis-timer.h"

#include <string.h>

/* Bytes of one read, which is all that one turn of the loop has: they may be a hundred events, for
 * thousands of browsers. Redis, too, takes no more from a client at a time. */
#define READ_SIZE 16384

/* Reads of what is here already, before a connection ends because an answer is not. */
#define READS_BEFORE_END 32

/* What Redis sends may have to wait behind what waited while the stream was held: so long after
 * that a stream that still brings something is not too late, but looked at again soon, µs. */
#define CATCH_UP_TIME (3 * G_TIME_SPAN_SECOND)
#define LOOK_AGAIN (100 * G_TIME_SPAN_MILLISECOND)

/* An output buffer that grew past this is given back once it is empty. */
#define KEPT_MAX 1048576

/**
 * ChannelsRedisStream:
 *
 * One connection to a Redis, from when it is made to when it breaks.
 *
 * Commands are answered in the order in which they were sent, so those under way stand in a queue.
 * They are formatted at once and written together before the loop sleeps next: a hundred commands
 * of one turn cost one system call. In a turn, what came is read before anybody's deadline is
 * looked at, so that a process that was stopped for a while does not take that for Redis' silence.
 *
 * With RESP2, a connection that subscribes is answered once for each channel or pattern of a
 * SUBSCRIBE, UNSUBSCRIBE, PSUBSCRIBE or PUNSUBSCRIBE, and gets its messages in between.
 *
 * Bytes that make no sense, an answer that nobody waits for, and an answer too late end the stream:
 * each command under way fails with `CHANNELS_ERROR_LAYER_UNAVAILABLE`, once.
 */
struct _ChannelsRedisStream
{
  GObject parent_instance;

  GSocketConnection *connection; /* (owned) (nullable): `NULL` once it has ended */
  ChannelsRedisReader *reader;   /* (owned) */
  GSource *readable;             /* (owned) (nullable): `NULL` while it is held */
  GSource *writable;             /* (owned) (nullable): while the kernel takes no more */
  GSource *flush;                /* (owned): ready where something is to be written */
  GSource *deadline;             /* (owned): ready no later than the oldest command is due */
  GByteArray *unsent;            /* (owned) */
  GQueue commands;   /* (element-type ChannelsRedisCommand) (owned): under way, oldest first */
  gint64 last_heard; /* µs, monotonic */
  gint64 held_until; /* µs, monotonic: when a hold last ended; 0: it was never held */
  const ChannelsRedisStreamFuncs *funcs; /* (unowned) */
  gpointer user_data;                    /* (unowned) */
};

G_DEFINE_FINAL_TYPE (ChannelsRedisStream, channels_redis_stream, G_TYPE_OBJECT)

/* Everything but the commands; the socket is closed by hand, as GIO would wait for a farewell in
 * TLS from a peer that may be frozen. */
static void
disconnect (ChannelsRedisStream *self)
{
  g_autoptr (GSocketConnection) connection = g_steal_pointer (&self->connection);

  channels_redis_timer_clear (&self->readable);
  channels_redis_timer_clear (&self->writable);
  channels_redis_timer_clear (&self->flush);
  channels_redis_timer_clear (&self->deadline);
  g_byte_array_set_size (self->unsent, 0);
  if (connection != NULL)
    g_socket_close (g_socket_connection_get_socket (connection), NULL);
}

static void
fail_commands (ChannelsRedisStream *self, const char *why)
{
  g_autoptr (GError) error =
      g_error_new (CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE, "Redis is away: %s", why);
  GList *link;

  while ((link = g_queue_pop_head_link (&self->commands)) != NULL)
    channels_redis_command_complete (link->data, NULL, error);
}

/* The caller holds a reference. */
static void
end (ChannelsRedisStream *self, const GError *error)
{
  if (self->connection == NULL)
    return;

  disconnect (self);
  self->funcs->closed (error, self->user_data);
  fail_commands (self, error->message);
}

static void
end_for_protocol (ChannelsRedisStream *self, const char *why)
{
  g_autoptr (GError) error =
      g_error_new_literal (CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_PROTOCOL, why);

  end (self, error);
}

/* Which element of a message is its channel, and the payload is the one behind it; 0 where @reply
 * is none. */
static gsize
find_channel (ChannelsRedisStream *self, const ChannelsRedisReply *reply)
{
  gsize channel = 0;

  if (self->funcs->message == NULL || reply->type != REDIS_REPLY_ARRAY)
    return 0;

  if (reply->elements == 3 && channels_redis_reply_is (reply->element[0], "message"))
    channel = 1;
  else if (reply->elements == 4 && channels_redis_reply_is (reply->element[0], "pmessage"))
    channel = 2;

  if (channel == 0 || reply->element[channel]->type != REDIS_REPLY_STRING ||
      reply->element[channel + 1]->type != REDIS_REPLY_STRING)
    return 0;

  return channel;
}

static void
take_answer (ChannelsRedisStream *self, ChannelsRedisReply *reply)
{
  g_autoptr (ChannelsRedisReply) owned = reply;
  g_autoptr (GError) error = NULL;
  ChannelsRedisCommand *command;

  if (g_queue_is_empty (&self->commands))
    {
      end_for_protocol (self, "an answer came that nobody waits for");
      return;
    }

  command = g_queue_peek_head (&self->commands);
  command->n_replies--;
  if (reply->type == REDIS_REPLY_ERROR)
    error = channels_redis_error_new (reply->str, reply->len);
  else if (command->n_replies > 0)
    return;

  g_queue_unlink (&self->commands, &command->link);
  channels_redis_command_complete (command, g_steal_pointer (&owned), error);
  if (error != NULL && channels_redis_error_ends_connection (error))
    end (self, error);
}

static void
take_reply (ChannelsRedisStream *self, ChannelsRedisReply *reply)
{
  gsize channel = find_channel (self, reply);
  g_autoptr (GBytes) payload = NULL;

  if (channel == 0)
    {
      take_answer (self, reply);
      return;
    }

  payload = g_bytes_new_with_free_func (reply->element[channel + 1]->str,
                                        reply->element[channel + 1]->len,
                                        (GDestroyNotify) channels_redis_reply_free, reply);
  self->funcs->message (reply->element[channel]->str, payload, self->user_data);
}

static void
take_bytes (ChannelsRedisStream *self, const guint8 *data, gsize size)
{
  ChannelsRedisReply *reply = NULL;
  g_autoptr (GError) error = NULL;

  self->last_heard = g_get_monotonic_time ();
  if (!channels_redis_reader_feed (self->reader, data, size, &error))
    {
      end (self, error);
      return;
    }

  do
    {
      if (!channels_redis_reader_next (self->reader, &reply, &error))
        end (self, error);
      else if (reply != NULL)
        take_reply (self, reply);
    }
  while (error == NULL && reply != NULL && self->connection != NULL);
}

/* Returns whether there may be more. */
static gboolean
read_some (ChannelsRedisStream *self)
{
  guint8 data[READ_SIZE];
  GInputStream *input = g_io_stream_get_input_stream (G_IO_STREAM (self->connection));
  g_autoptr (GError) error = NULL;
  gssize size = g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (input), data,
                                                          sizeof data, NULL, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return FALSE;

  if (size > 0)
    {
      take_bytes (self, data, size);
      return TRUE;
    }

  if (error == NULL)
    error =
        g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, "it closed the connection");
  end (self, error);
  return FALSE;
}

static gboolean
on_readable (GObject *pollable, gpointer user_data)
{
  g_autoptr (ChannelsRedisStream) self = g_object_ref (user_data);

  read_some (self);
  return G_SOURCE_CONTINUE;
}

/* Now, or so lately that what waited may still be on its way. */
static gboolean
has_been_held (ChannelsRedisStream *self, gint64 now)
{
  return self->readable == NULL || (self->held_until > 0 && now - self->held_until < CATCH_UP_TIME);
}

static gboolean
on_deadline (gpointer user_data)
{
  g_autoptr (ChannelsRedisStream) self = g_object_ref (user_data);
  const ChannelsRedisCommand *oldest = g_queue_peek_head (&self->commands);
  gint64 now = g_get_monotonic_time ();

  if (oldest != NULL && oldest->due > now)
    g_source_set_ready_time (self->deadline, oldest->due);
  if (oldest == NULL || oldest->due > now)
    return G_SOURCE_CONTINUE;

  channels_redis_stream_catch_up (self);
  oldest = g_queue_peek_head (&self->commands);
  if (self->connection == NULL || oldest == NULL)
    return G_SOURCE_CONTINUE;

  if (self->last_heard >= now && has_been_held (self, now))
    {
      g_source_set_ready_time (self->deadline, MAX (oldest->due, now + LOOK_AGAIN));
    }
  else if (oldest->due <= g_get_monotonic_time ())
    {
      g_autoptr (GError) error =
          g_error_new_literal (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "it does not answer in time");

      end (self, error);
    }
  else
    {
      g_source_set_ready_time (self->deadline, oldest->due);
    }

  return G_SOURCE_CONTINUE;
}

static gboolean on_writable (GObject *pollable, gpointer user_data);

static void
wait_until_writable (ChannelsRedisStream *self, GPollableOutputStream *output)
{
  if (self->writable != NULL)
    return;

  self->writable = g_pollable_output_stream_create_source (output, NULL);
  g_source_set_static_name (self->writable, "[channels] redis write");
  g_source_set_callback (self->writable, G_SOURCE_FUNC (on_writable), self, NULL);
  g_source_attach (self->writable, g_main_context_get_thread_default ());
}

static void
drop_written (ChannelsRedisStream *self, gsize written)
{
  g_byte_array_remove_range (self->unsent, 0, written);
  if (self->unsent->len == 0 && written > KEPT_MAX)
    {
      g_byte_array_unref (self->unsent);
      self->unsent = g_byte_array_new ();
    }
}

/* Who hangs up may have said why before. */
static void
end_unwritten (ChannelsRedisStream *self, const GError *error)
{
  channels_redis_stream_catch_up (self);
  end (self, error);
}

static void
write_all (ChannelsRedisStream *self)
{
  GOutputStream *stream = g_io_stream_get_output_stream (G_IO_STREAM (self->connection));
  GPollableOutputStream *output = G_POLLABLE_OUTPUT_STREAM (stream);
  gsize written = 0;
  g_autoptr (GError) error = NULL;

  while (written < self->unsent->len && error == NULL)
    {
      gssize size = g_pollable_output_stream_write_nonblocking (
          output, self->unsent->data + written, self->unsent->len - written, NULL, &error);

      written += MAX (size, 0);
    }

  drop_written (self, written);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    wait_until_writable (self, output);
  else if (error != NULL)
    end_unwritten (self, error);
  else
    channels_redis_timer_clear (&self->writable);
}

static gboolean
on_writable (GObject *pollable, gpointer user_data)
{
  g_autoptr (ChannelsRedisStream) self = g_object_ref (user_data);

  write_all (self);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_flush (gpointer user_data)
{
  g_autoptr (ChannelsRedisStream) self = g_object_ref (user_data);

  if (self->writable == NULL)
    write_all (self);
  return G_SOURCE_CONTINUE;
}

static void
channels_redis_stream_dispose (GObject *object)
{
  channels_redis_stream_close (CHANNELS_REDIS_STREAM (object));

  G_OBJECT_CLASS (channels_redis_stream_parent_class)->dispose (object);
}

static void
channels_redis_stream_finalize (GObject *object)
{
  ChannelsRedisStream *self = CHANNELS_REDIS_STREAM (object);

  channels_redis_reader_free (self->reader);
  g_byte_array_unref (self->unsent);

  G_OBJECT_CLASS (channels_redis_stream_parent_class)->finalize (object);
}

static void
channels_redis_stream_class_init (ChannelsRedisStreamClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = channels_redis_stream_dispose;
  object_class->finalize = channels_redis_stream_finalize;
}

static void
channels_redis_stream_init (ChannelsRedisStream *self)
{
  self->reader = channels_redis_reader_new ();
  self->unsent = g_byte_array_new ();
  self->last_heard = g_get_monotonic_time ();
  self->flush = channels_redis_timer_new ("[channels] redis flush", on_flush, self);
  self->deadline = channels_redis_timer_new ("[channels] redis deadline", on_deadline, self);
}

static void
watch_input (ChannelsRedisStream *self)
{
  GInputStream *input = g_io_stream_get_input_stream (G_IO_STREAM (self->connection));

  self->readable = g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (input), NULL);
  g_source_set_static_name (self->readable, "[channels] redis read");
  g_source_set_callback (self->readable, G_SOURCE_FUNC (on_readable), self, NULL);
  g_source_attach (self->readable, g_main_context_get_thread_default ());
}

/**
 * channels_redis_stream_new:
 * @connection: connected, by TCP, a Unix socket or TLS
 * @funcs: (transfer none): a table that outlives the stream
 * @user_data: (closure): passed to them
 *
 * Returns: (transfer full): a stream, in the thread's default context
 */
ChannelsRedisStream *
channels_redis_stream_new (GSocketConnection *connection,
                           const ChannelsRedisStreamFuncs *funcs,
                           gpointer user_data)
{
  ChannelsRedisStream *self = g_object_new (CHANNELS_TYPE_REDIS_STREAM, NULL);

  self->connection = g_object_ref (connection);
  self->funcs = funcs;
  self->user_data = user_data;
  watch_input (self);

  return self;
}

/* Appends the command to what waits; or says why not. */
static gboolean
append_command (ChannelsRedisStream *self,
                guint argc,
                const char *const *argv,
                const gsize *lengths,
                GError **error)
{
  gsize size = self->unsent->len;
  char *text = NULL;
  int length;

  for (guint i = 0; i < argc && size <= CHANNELS_REDIS_UNSENT_MAX; i++)
    size += MIN (lengths != NULL ? lengths[i] : strlen (argv[i]), CHANNELS_REDIS_UNSENT_MAX + 1);

  if (self->connection == NULL || size > CHANNELS_REDIS_UNSENT_MAX ||
      self->commands.length >= CHANNELS_REDIS_COMMANDS_MAX)
    {
      g_set_error (error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE,
                   self->connection == NULL ? "Redis is away" : "too much waits for Redis");
      return FALSE;
    }

  length = redisFormatCommandArgv (&text, argc, (const char **) argv, lengths);
  g_assert (length > 0);
  g_byte_array_append (self->unsent, (const guint8 *) text, length);
  redisFreeCommand (text);

  return TRUE;
}

/**
 * channels_redis_stream_send:
 * @self: a stream
 * @argc: how many words the command has, > 0
 * @argv: (array length=argc): the words; those that subscribe in capitals and with channels
 * @lengths: (array length=argc) (nullable): bytes of each; `NULL` where they end with a NUL
 * @timeout: µs that the answer may take, > 0
 * @task: (transfer full) (nullable): returns a #ChannelsRedisReply, or fails
 *
 * Sends a command.
 *
 * @task fails with an error of the domain `CHANNELS_REDIS_ERROR` where Redis answers with one; with
 * `CHANNELS_ERROR_LAYER_UNAVAILABLE` where the stream ends before an answer, or has ended, or where
 * too much waits already; with `G_IO_ERROR_CANCELLED` as soon as its cancellable is cancelled, by
 * which a command that was sent is not undone. An answer that takes longer than @timeout ends the
 * stream, but never before the commands in front are due.
 */
void
channels_redis_stream_send (ChannelsRedisStream *self,
                            guint argc,
                            const char *const *argv,
                            const gsize *lengths,
                            gint64 timeout,
                            GTask *task)
{
  g_autoptr (GTask) owned = task;
  g_autoptr (GError) error = NULL;
  const ChannelsRedisCommand *newest = g_queue_peek_tail (&self->commands);
  gint64 ready = self->deadline != NULL ? g_source_get_ready_time (self->deadline) : -1;
  ChannelsRedisCommand *command;

  if (task != NULL && g_task_return_error_if_cancelled (task))
    return;

  if (!append_command (self, argc, argv, lengths, &error))
    {
      if (task != NULL)
        g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  command = channels_redis_command_new (argc, argv, lengths, g_steal_pointer (&owned));
  command->due = MAX (g_get_monotonic_time () + timeout, newest != NULL ? newest->due : 0);
  g_queue_push_tail_link (&self->commands, &command->link);

  if (ready < 0 || ready > command->due)
    g_source_set_ready_time (self->deadline, command->due);
  if (g_source_get_ready_time (self->flush) < 0)
    g_source_set_ready_time (self->flush, 0);
}

/**
 * channels_redis_stream_set_held:
 * @self: a stream
 * @held: whether what Redis sends is to wait with it
 *
 * Reads nothing more, or goes on. What was read is told of all the same. An answer that is due is
 * looked for all the same, and no answer is too late while Redis still brings what waited.
 */
void
channels_redis_stream_set_held (ChannelsRedisStream *self, gboolean held)
{
  self->held_until = g_get_monotonic_time ();
  if (held)
    channels_redis_timer_clear (&self->readable);
  else if (self->readable == NULL && self->connection != NULL)
    watch_input (self);
}

/**
 * channels_redis_stream_get_last_heard:
 * @self: a stream
 *
 * Returns: µs, monotonic: when Redis last sent anything; as long as that is not read, now, or when
 * it last was not
 */
gint64
channels_redis_stream_get_last_heard (ChannelsRedisStream *self)
{
  if (self->connection != NULL && self->readable == NULL)
    return g_get_monotonic_time ();

  return MAX (self->last_heard, self->held_until);
}

/**
 * channels_redis_stream_catch_up:
 * @self: a stream
 *
 * Reads what is here, as far as is good for others, before something is held against Redis.
 */
void
channels_redis_stream_catch_up (ChannelsRedisStream *self)
{
  g_autoptr (ChannelsRedisStream) keep = g_object_ref (self);

  for (guint i = 0; i < READS_BEFORE_END && keep->connection != NULL; i++)
    {
      if (!read_some (keep))
        break;
    }
}

/**
 * channels_redis_stream_get_n_commands:
 * @self: a stream
 *
 * Returns: how many commands are under way
 */
guint
channels_redis_stream_get_n_commands (ChannelsRedisStream *self)
{
  return self->commands.length;
}

/**
 * channels_redis_stream_close:
 * @self: a stream
 *
 * Ends it, without telling so by `closed`: commands under way fail. To close twice is to close
 * once.
 */
void
channels_redis_stream_close (ChannelsRedisStream *self)
{
  g_autoptr (ChannelsRedisStream) keep = g_object_ref (self);

  if (self->connection == NULL)
    return;

  disconnect (keep);
  fail_commands (keep, "the connection was closed");
}
