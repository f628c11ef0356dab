/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-connection.h"

#include "channels-error.h"
#include "channels-redis-backoff.h"
#include "channels-redis-error.h"
#include "channels-redis-idle.h"
#include "channels-redis-login.h"
#include "channels-redis-open.h"
#include "channels-redis-sentinel.h"
#include "channels-redis-timer.h"

#include <gio/gunixsocketaddress.h>

/**
 * ChannelsRedisConnection:
 *
 * A connection to one Redis that keeps itself alive.
 *
 *     ┌► finding (Sentinel) ► opening ► logging in ► up ─┐
 *     └───────────────── waiting ◄── any failure ◄───────┘
 *
 * While it is not up commands are refused at once: nothing waits here for Redis to return, since
 * only the sender knows what is still worth sending then. What was under way when it broke fails,
 * each once; whether Redis had done it nobody can know.
 *
 * A Redis that is silent is pinged, so a cable that was cut is found within @heartbeat plus
 * @command_timeout. The process costs Redis one connection attempt each wait, whose length is
 * random and grows; one that does not let us in is asked more seldom, and said so in the log once.
 * One that closes idle connections is pinged sooner (#ChannelsRedisIdle).
 *
 * A task under way holds a reference; channels_redis_connection_close() ends them all.
 */
struct _ChannelsRedisConnection
{
  GObject parent_instance;

  ChannelsRedisAddress *address; /* (owned) */
  ChannelsRedisConnectionMode mode;
  ChannelsRedisConnectionOptions options;
  ChannelsRedisBackoff backoff;
  ChannelsRedisIdle idle;
  GCancellable *attempt;       /* (owned) (nullable): of what leads to being up */
  ChannelsRedisStream *stream; /* (owned) (nullable): while logging in and up */
  GSource *timer;              /* (owned) (nullable): wait's end or heartbeat; `NULL`: closed */
  gint64 up_since;             /* µs, monotonic; 0: it is not up */
  gboolean refused;            /* the last attempt was not let in */
  gboolean complained;         /* since it was last up, the log says why it is not */
  ChannelsRedisMessageFunc message; /* (nullable): where it subscribes */
  gpointer message_data;            /* (unowned) */
};

enum
{
  SIGNAL_UP,
  SIGNAL_DOWN,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ChannelsRedisConnection, channels_redis_connection, G_TYPE_OBJECT)

/* Ends what is under way, whatever it is; nobody is told but those whose commands fail. */
static void
drop (ChannelsRedisConnection *self)
{
  g_autoptr (GCancellable) attempt = g_steal_pointer (&self->attempt);
  g_autoptr (ChannelsRedisStream) stream = g_steal_pointer (&self->stream);

  self->up_since = 0;
  g_cancellable_cancel (attempt);
  if (stream != NULL)
    channels_redis_stream_close (stream);
}

static void
complain (ChannelsRedisConnection *self, const GError *error)
{
  if (self->refused && !self->complained)
    g_warning ("%s does not let us in: %s", self->address->display, error->message);
  else if (!self->complained)
    g_message ("%s is away: %s", self->address->display, error->message);
  else
    g_debug ("%s is still away: %s", self->address->display, error->message);

  self->complained = TRUE;
}

/* Whether a connection that was up ended with nothing under way, for no reason but that. With TLS
 * neither every Redis nor every proxy says farewell. */
static gboolean
is_idle_end (ChannelsRedisConnection *self, const GError *error, gint64 now)
{
  return (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED) ||
          g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_EOF)) &&
         channels_redis_stream_get_n_commands (self->stream) == 0 &&
         channels_redis_idle_closed (&self->idle, self->address->display,
                                     now - channels_redis_stream_get_last_heard (self->stream));
}

/* After any failure: down, and a wait. The caller holds a reference. */
static void
fail (ChannelsRedisConnection *self, const GError *error)
{
  gint64 now = g_get_monotonic_time ();
  gboolean was_up = self->up_since > 0;
  gboolean refused = channels_redis_error_is_refusal (error);
  gint64 wait;

  if (was_up && now - self->up_since >= self->options.health)
    channels_redis_backoff_reset (&self->backoff);
  if (refused != self->refused)
    self->complained = FALSE;
  self->refused = refused;
  if (!was_up)
    channels_redis_idle_forget (&self->idle);
  if (!was_up || !is_idle_end (self, error, now))
    complain (self, error);

  wait = channels_redis_backoff_next (&self->backoff);
  if (refused)
    wait = MAX (wait, self->options.refused_floor);
  g_source_set_ready_time (self->timer, now + wait);

  drop (self);
  if (was_up && self->timer != NULL)
    g_signal_emit (self, signals[SIGNAL_DOWN], 0);
}

static void
on_message (const char *channel, GBytes *payload, gpointer user_data)
{
  g_autoptr (ChannelsRedisConnection) self = g_object_ref (user_data);

  if (self->message != NULL)
    self->message (channel, payload, self->message_data);
}

static void
on_closed (const GError *error, gpointer user_data)
{
  g_autoptr (ChannelsRedisConnection) self = g_object_ref (user_data);

  fail (self, error);
}

static const ChannelsRedisStreamFuncs command_funcs = { .closed = on_closed };

static const ChannelsRedisStreamFuncs subscriber_funcs = {
  .message = on_message,
  .closed = on_closed,
};

static void
go_up (ChannelsRedisConnection *self)
{
  gint64 heartbeat = channels_redis_idle_get_heartbeat (&self->idle, self->options.heartbeat);

  g_clear_object (&self->attempt);
  self->up_since = g_get_monotonic_time ();
  self->refused = FALSE;
  g_source_set_ready_time (self->timer, self->up_since + MIN (heartbeat, self->options.health));

  g_signal_emit (self, signals[SIGNAL_UP], 0);
}

/* In the callbacks of an attempt @user_data is gone where the attempt was cancelled: none of them
 * holds a reference, so that whoever owns the connection may drop it at any time. */

static void
login_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisConnection) self = NULL;

  channels_redis_login_finish (CHANNELS_REDIS_STREAM (source), result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  self = g_object_ref (user_data);
  if (error != NULL)
    fail (self, error);
  else
    go_up (self);
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnection) connection = channels_redis_open_finish (result, &error);
  g_autoptr (ChannelsRedisConnection) self = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  self = g_object_ref (user_data);
  if (error != NULL)
    {
      fail (self, error);
      return;
    }

  self->stream = channels_redis_stream_new (
      connection,
      self->mode == CHANNELS_REDIS_CONNECTION_SUBSCRIBER ? &subscriber_funcs : &command_funcs,
      self);
  channels_redis_login_async (self->stream, self->address, self->options.command_timeout,
                              self->attempt, login_cb, self);
}

static void
open_at (ChannelsRedisConnection *self, GSocketConnectable *connectable)
{
  channels_redis_open_async (connectable, self->address, self->options.connect_timeout,
                             self->attempt, opened_cb, self);
}

static void
found_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnectable) master = channels_redis_sentinel_find_finish (result, &error);
  g_autoptr (ChannelsRedisConnection) self = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  self = g_object_ref (user_data);
  if (error != NULL)
    fail (self, error);
  else
    open_at (self, master);
}

static void
begin (ChannelsRedisConnection *self)
{
  g_autoptr (GSocketConnectable) connectable = NULL;

  self->attempt = g_cancellable_new ();

  switch (self->address->kind)
    {
    case CHANNELS_REDIS_ADDRESS_TCP:
      connectable =
          channels_redis_host_to_connectable (g_ptr_array_index (self->address->hosts, 0));
      open_at (self, connectable);
      break;

    case CHANNELS_REDIS_ADDRESS_UNIX:
      connectable = G_SOCKET_CONNECTABLE (g_unix_socket_address_new (self->address->path));
      open_at (self, connectable);
      break;

    case CHANNELS_REDIS_ADDRESS_SENTINEL:
      channels_redis_sentinel_find_async (self->address, self->options.sentinel_timeout,
                                          self->attempt, found_cb, self);
      break;

    default:
      g_return_if_reached ();
    }
}

static void
beat (ChannelsRedisConnection *self)
{
  const char *argv[] = { "PING" };
  gint64 heartbeat = channels_redis_idle_get_heartbeat (&self->idle, self->options.heartbeat);
  gint64 now = g_get_monotonic_time ();
  gint64 silent;

  /* It may be we who were stopped. */
  if (now - channels_redis_stream_get_last_heard (self->stream) >= self->options.silence)
    channels_redis_stream_catch_up (self->stream);
  if (self->up_since == 0)
    return;

  silent = now - channels_redis_stream_get_last_heard (self->stream);

  /* One that is up, and away again at once, is still away as far as the log is concerned. */
  if (self->complained && now - self->up_since >= self->options.health)
    {
      g_message ("%s is back", self->address->display);
      self->complained = FALSE;
    }

  if (silent >= self->options.silence && channels_redis_stream_get_n_commands (self->stream) > 0)
    {
      g_autoptr (GError) error =
          g_error_new_literal (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "it says nothing any more");

      fail (self, error);
      return;
    }

  if (silent < heartbeat)
    {
      g_source_set_ready_time (self->timer, now - silent + heartbeat);
      return;
    }

  if (channels_redis_stream_get_n_commands (self->stream) == 0)
    channels_redis_stream_send (self->stream, G_N_ELEMENTS (argv), argv, NULL,
                                self->options.command_timeout, NULL);
  if (silent < self->options.silence)
    heartbeat = MIN (heartbeat, self->options.silence - silent);
  g_source_set_ready_time (self->timer, now + heartbeat);
}

static gboolean
on_timer (gpointer user_data)
{
  g_autoptr (ChannelsRedisConnection) self = g_object_ref (user_data);

  if (self->up_since > 0)
    beat (self);
  else
    begin (self);

  return G_SOURCE_CONTINUE;
}

static void
channels_redis_connection_dispose (GObject *object)
{
  channels_redis_connection_close (CHANNELS_REDIS_CONNECTION (object));

  G_OBJECT_CLASS (channels_redis_connection_parent_class)->dispose (object);
}

static void
channels_redis_connection_finalize (GObject *object)
{
  ChannelsRedisConnection *self = CHANNELS_REDIS_CONNECTION (object);

  g_clear_pointer (&self->address, channels_redis_address_unref);

  G_OBJECT_CLASS (channels_redis_connection_parent_class)->finalize (object);
}

static void
channels_redis_connection_class_init (ChannelsRedisConnectionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = channels_redis_connection_dispose;
  object_class->finalize = channels_redis_connection_finalize;

  /**
   * ChannelsRedisConnection::up:
   * @self: a connection
   *
   * It is logged in, and takes commands from now on. Nothing of what was said on an earlier
   * connection holds: subscriptions are to be made anew.
   */
  signals[SIGNAL_UP] = g_signal_new ("up", CHANNELS_TYPE_REDIS_CONNECTION, G_SIGNAL_RUN_LAST, 0,
                                     NULL, NULL, NULL, G_TYPE_NONE, 0);

  /**
   * ChannelsRedisConnection::down:
   * @self: a connection
   *
   * It was up and no longer is. Commands under way fail about now, some before and some after.
   */
  signals[SIGNAL_DOWN] = g_signal_new ("down", CHANNELS_TYPE_REDIS_CONNECTION, G_SIGNAL_RUN_LAST, 0,
                                       NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
channels_redis_connection_init (ChannelsRedisConnection *self)
{
}

/**
 * channels_redis_connection_options_init:
 * @self: uninitialised memory
 *
 * Sets each time to its default.
 */
void
channels_redis_connection_options_init (ChannelsRedisConnectionOptions *self)
{
  self->connect_timeout = 2 * G_TIME_SPAN_SECOND;
  self->sentinel_timeout = 300 * G_TIME_SPAN_MILLISECOND;
  self->command_timeout = 3 * G_TIME_SPAN_SECOND;
  self->heartbeat = 5 * G_TIME_SPAN_SECOND;
  self->silence = 12 * G_TIME_SPAN_SECOND;
  self->backoff_floor = 50 * G_TIME_SPAN_MILLISECOND;
  self->backoff_ceiling = 10 * G_TIME_SPAN_SECOND;
  self->refused_floor = 5 * G_TIME_SPAN_SECOND;
  self->health = 1 * G_TIME_SPAN_SECOND;
}

/**
 * channels_redis_connection_new:
 * @address: where Redis is
 * @mode: what it is for
 * @options: (nullable): times; `NULL` for the defaults
 *
 * Returns: (transfer full): a connection that is not up yet; it begins to try when the thread's
 * default context runs
 */
ChannelsRedisConnection *
channels_redis_connection_new (const ChannelsRedisAddress *address,
                               ChannelsRedisConnectionMode mode,
                               const ChannelsRedisConnectionOptions *options)
{
  ChannelsRedisConnection *self;

  g_return_val_if_fail (address != NULL, NULL);

  self = g_object_new (CHANNELS_TYPE_REDIS_CONNECTION, NULL);
  self->address = channels_redis_address_ref (address);
  self->mode = mode;
  channels_redis_connection_options_init (&self->options);
  if (options != NULL)
    self->options = *options;
  channels_redis_backoff_init (&self->backoff, self->options.backoff_floor,
                               self->options.backoff_ceiling);
  self->timer = channels_redis_timer_new ("[channels] redis", on_timer, self);
  g_source_set_ready_time (self->timer, 0);

  return self;
}

/**
 * channels_redis_connection_set_message_func:
 * @self: a connection that subscribes
 * @func: (nullable): called with what is published; not a signal, which would cost more than the
 * rest of its way
 * @user_data: (closure): passed to @func
 */
void
channels_redis_connection_set_message_func (ChannelsRedisConnection *self,
                                            ChannelsRedisMessageFunc func,
                                            gpointer user_data)
{
  g_return_if_fail (CHANNELS_IS_REDIS_CONNECTION (self));

  self->message = func;
  self->message_data = user_data;
}

/**
 * channels_redis_connection_is_up:
 * @self: a connection
 *
 * Returns: whether it takes commands
 */
gboolean
channels_redis_connection_is_up (ChannelsRedisConnection *self)
{
  g_return_val_if_fail (CHANNELS_IS_REDIS_CONNECTION (self), FALSE);

  return self->up_since > 0;
}

/**
 * channels_redis_connection_is_refused:
 * @self: a connection
 *
 * Returns: whether it is not up because Redis does not let us in
 */
gboolean
channels_redis_connection_is_refused (ChannelsRedisConnection *self)
{
  g_return_val_if_fail (CHANNELS_IS_REDIS_CONNECTION (self), FALSE);

  return self->refused;
}

/**
 * channels_redis_connection_set_held:
 * @self: a connection
 * @held: whether what Redis sends is to wait with it
 *
 * Reads nothing more, for a moment that is short beside the silence after which Redis is given up,
 * or goes on. A connection that breaks meanwhile is not held when it is up again.
 */
void
channels_redis_connection_set_held (ChannelsRedisConnection *self, gboolean held)
{
  g_return_if_fail (CHANNELS_IS_REDIS_CONNECTION (self));

  if (self->up_since > 0)
    channels_redis_stream_set_held (self->stream, held);
}

/**
 * channels_redis_connection_get_n_commands:
 * @self: a connection
 *
 * Returns: how many commands are under way, at most %CHANNELS_REDIS_COMMANDS_MAX
 */
guint
channels_redis_connection_get_n_commands (ChannelsRedisConnection *self)
{
  g_return_val_if_fail (CHANNELS_IS_REDIS_CONNECTION (self), 0);

  return self->stream != NULL ? channels_redis_stream_get_n_commands (self->stream) : 0;
}

/**
 * channels_redis_connection_command_async:
 * @self: a connection
 * @argc: how many words the command has, > 0
 * @argv: (array length=argc): the words
 * @lengths: (array length=argc) (nullable): bytes of each; `NULL` where they end with a NUL
 * @timeout: µs that the answer may take, > 0; for a command that blocks, more than it blocks
 * @cancellable: (nullable): ends the wait; a command that was sent is not undone
 * @callback: (nullable): called once, whatever happens; `NULL` where the answer does not matter
 * @user_data: (closure): passed to @callback
 *
 * Sends a command behind those under way. A connection that subscribes takes `SUBSCRIBE`,
 * `UNSUBSCRIBE`, `PSUBSCRIBE` and `PUNSUBSCRIBE` alone, with channels or patterns; the answer is
 * that to the last of them.
 *
 * Fails with an error of the domain `CHANNELS_REDIS_ERROR` where Redis answers with one; those that
 * say that it is of no use for now end the connection as well. Fails with
 * `CHANNELS_ERROR_LAYER_UNAVAILABLE` where it is not up, goes down before the answer, or where more
 * than %CHANNELS_REDIS_COMMANDS_MAX commands or %CHANNELS_REDIS_UNSENT_MAX bytes would wait; with
 * `G_IO_ERROR_CANCELLED`. An answer that takes longer than @timeout ends the connection.
 */
void
channels_redis_connection_command_async (ChannelsRedisConnection *self,
                                         guint argc,
                                         const char *const *argv,
                                         const gsize *lengths,
                                         gint64 timeout,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data)
{
  GTask *task = NULL;

  g_return_if_fail (CHANNELS_IS_REDIS_CONNECTION (self));
  g_return_if_fail (argc > 0 && argv != NULL);
  g_return_if_fail (timeout > 0);

  if (callback != NULL)
    {
      task = g_task_new (self, cancellable, callback, user_data);
      g_task_set_source_tag (task, channels_redis_connection_command_async);
    }

  if (self->up_since > 0)
    {
      channels_redis_stream_send (self->stream, argc, argv, lengths, timeout, task);
    }
  else if (task != NULL)
    {
      g_task_return_new_error (task, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE, "%s is away",
                               self->address->display);
      g_object_unref (task);
    }
}

/**
 * channels_redis_connection_command_finish:
 * @self: the connection
 * @result: what the callback was given
 * @error: return location for a `GError`, or `NULL`
 *
 * Returns: (transfer full): the answer, never an error's, or `NULL` with @error set
 */
ChannelsRedisReply *
channels_redis_connection_command_finish (ChannelsRedisConnection *self,
                                          GAsyncResult *result,
                                          GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * channels_redis_connection_close:
 * @self: a connection
 *
 * Ends it for good: commands under way fail, no signal is emitted any more. To close twice is to
 * close once.
 */
void
channels_redis_connection_close (ChannelsRedisConnection *self)
{
  g_return_if_fail (CHANNELS_IS_REDIS_CONNECTION (self));

  channels_redis_timer_clear (&self->timer);
  drop (self);
}
