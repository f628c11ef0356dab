/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-receiver.h"

#include "channels-redis-complaint.h"
#include "channels-redis-script.h"
#include "channels-redis-timer.h"
#include "channels-redis-words.h"

/* How long Redis holds an empty-handed pop, and how long we then wait for it: both less than the
 * silence after which a connection is given up. */
#define POP_SECONDS "5"
#define POP_TIMEOUT (8 * G_TIME_SPAN_SECOND)

/* How long to rest where Redis refuses to pop. */
#define REST G_TIME_SPAN_SECOND

/* Messages, and roughly bytes, of one reply: what is popped and then lost would be lost for good.
 */
#define DRAIN_MESSAGES "128"
#define DRAIN_BYTES "4194304"

static const char drain_script[] =
    "local found, size = {}, 0\n"
    "while #found < tonumber(ARGV[1]) and size < tonumber(ARGV[2]) do\n"
    "  local popped = redis.call('ZPOPMIN', KEYS[1])\n"
    "  if #popped == 0 then break end\n"
    "  found[#found + 1] = popped[1]\n"
    "  size = size + #popped[1]\n"
    "end\n"
    "return found";

/**
 * ChannelsRedisReceiver:
 *
 * Empties this node's queue on one host, on a connection of its own: it waits for a message with
 * `BZPOPMIN`, takes those that stand behind it, and waits again, both at once. Nothing else costs
 * an idle node anything. What a node of the same name has left unread, which died, may be removed
 * first.
 */
struct _ChannelsRedisReceiver
{
  GObject parent_instance;

  ChannelsRedisConnection *connection;     /* (owned) */
  char *queue;                             /* (owned): a key */
  const ChannelsRedisReceiverFuncs *funcs; /* (unowned) (nullable): `NULL` once closed */
  gpointer user_data;                      /* (unowned) */
  GSource *rest;                           /* (owned) (nullable): ends a rest; `NULL` once closed */
  gboolean discard;                        /* the queue is to be removed before it is read */
  gboolean waiting;
  ChannelsRedisScript drain;
  ChannelsRedisComplaint complaint;
};

G_DEFINE_FINAL_TYPE (ChannelsRedisReceiver, channels_redis_receiver, G_TYPE_OBJECT)

static void wait_for_message (ChannelsRedisReceiver *self);

static void
set_waiting (ChannelsRedisReceiver *self, gboolean waiting)
{
  if (self->waiting == waiting)
    return;

  self->waiting = waiting;
  if (self->funcs != NULL)
    self->funcs->changed (self->user_data);
}

static void
hand_over (ChannelsRedisReceiver *self, const ChannelsRedisReply *message)
{
  if (message->type == REDIS_REPLY_STRING && self->funcs != NULL)
    self->funcs->message ((const guint8 *) message->str, message->len, self->user_data);
}

/* An outage needs nothing: all begins anew when the connection is up again. */
static void
rest (ChannelsRedisReceiver *self, const GError *error)
{
  if (!channels_redis_connection_is_up (self->connection) || self->rest == NULL)
    return;

  if (channels_redis_complaint_is_due (&self->complaint))
    g_message ("cannot receive from %s: %s", self->queue, error->message);
  g_source_set_ready_time (self->rest, g_get_monotonic_time () + REST);
  set_waiting (self, FALSE);
}

/* Returns whether there was an answer. */
static gboolean
take_drained (ChannelsRedisReceiver *self, GAsyncResult *result, GError **error)
{
  g_autoptr (ChannelsRedisReply) reply =
      channels_redis_connection_command_finish (self->connection, result, error);

  for (gsize i = 0; reply != NULL && i < reply->elements; i++)
    hand_over (self, reply->element[i]);

  return reply != NULL;
}

/* What is wrong is said by the wait that stands behind it. */
static void
drained_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChannelsRedisReceiver) self = user_data;

  take_drained (self, result, NULL);
}

static void
probed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChannelsRedisReceiver) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!take_drained (self, result, &error))
    {
      rest (self, error);
      return;
    }

  set_waiting (self, TRUE);
  wait_for_message (self);
}

static void
drain (ChannelsRedisReceiver *self, GAsyncReadyCallback callback)
{
  g_auto (ChannelsRedisWords) words;

  channels_redis_script_begin (&self->drain, &words, 1);
  channels_redis_words_add (&words, self->queue);
  channels_redis_words_add (&words, DRAIN_MESSAGES);
  channels_redis_words_add (&words, DRAIN_BYTES);
  channels_redis_words_send (&words, self->connection, callback, g_object_ref (self));
}

static void
popped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChannelsRedisReceiver) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisReply) reply =
      channels_redis_connection_command_finish (CHANNELS_REDIS_CONNECTION (source), result, &error);

  if (reply == NULL)
    {
      rest (self, error);
      return;
    }

  if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 3)
    {
      hand_over (self, reply->element[1]);
      drain (self, drained_cb);
    }
  wait_for_message (self);
}

static void
wait_for_message (ChannelsRedisReceiver *self)
{
  const char *argv[] = { "BZPOPMIN", self->queue, POP_SECONDS };

  channels_redis_connection_command_async (self->connection, G_N_ELEMENTS (argv), argv, NULL,
                                           POP_TIMEOUT, NULL, popped_cb, g_object_ref (self));
}

static void
discarded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChannelsRedisReceiver) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisReply) reply =
      channels_redis_connection_command_finish (CHANNELS_REDIS_CONNECTION (source), result, &error);

  if (reply == NULL)
    {
      rest (self, error);
      return;
    }

  self->discard = FALSE;
  set_waiting (self, TRUE);
  wait_for_message (self);
}

static void
begin (ChannelsRedisReceiver *self)
{
  g_auto (ChannelsRedisWords) words = { NULL };

  if (!self->discard)
    {
      wait_for_message (self);
      return;
    }

  channels_redis_words_init (&words, "DEL");
  channels_redis_words_add (&words, self->queue);
  channels_redis_words_send (&words, self->connection, discarded_cb, g_object_ref (self));
}

static void
on_up (ChannelsRedisConnection *connection, ChannelsRedisReceiver *self)
{
  /* A rest from before the outage is over: there must be one wait at a time. */
  g_source_set_ready_time (self->rest, -1);
  channels_redis_script_load (&self->drain, connection);
  begin (self);
  set_waiting (self, !self->discard);
}

static void
on_down (ChannelsRedisConnection *connection, ChannelsRedisReceiver *self)
{
  set_waiting (self, FALSE);
}

static gboolean
on_rested (gpointer user_data)
{
  ChannelsRedisReceiver *self = user_data;

  if (!channels_redis_connection_is_up (self->connection))
    return G_SOURCE_CONTINUE;

  /* To drain is to know at once whether it is refused again. */
  if (self->discard)
    begin (self);
  else
    drain (self, probed_cb);

  return G_SOURCE_CONTINUE;
}

static void
channels_redis_receiver_dispose (GObject *object)
{
  channels_redis_receiver_close (CHANNELS_REDIS_RECEIVER (object));

  G_OBJECT_CLASS (channels_redis_receiver_parent_class)->dispose (object);
}

static void
channels_redis_receiver_finalize (GObject *object)
{
  ChannelsRedisReceiver *self = CHANNELS_REDIS_RECEIVER (object);

  g_clear_object (&self->connection);
  g_free (self->queue);

  G_OBJECT_CLASS (channels_redis_receiver_parent_class)->finalize (object);
}

static void
channels_redis_receiver_class_init (ChannelsRedisReceiverClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = channels_redis_receiver_dispose;
  object_class->finalize = channels_redis_receiver_finalize;
}

static void
channels_redis_receiver_init (ChannelsRedisReceiver *self)
{
  channels_redis_script_init (&self->drain, drain_script);
  self->rest = channels_redis_timer_new ("[channels] redis rest", on_rested, self);
}

/**
 * channels_redis_receiver_new:
 * @address: the host
 * @queue: the key of this node's queue
 * @discard: whether to begin by removing what is in the queue
 * @funcs: (transfer none): a table that outlives the receiver; called until
 * channels_redis_receiver_close()
 * @user_data: (closure): passed to them
 *
 * Returns: (transfer full): a receiver that begins when the thread's default context runs
 */
ChannelsRedisReceiver *
channels_redis_receiver_new (const ChannelsRedisAddress *address,
                             const char *queue,
                             gboolean discard,
                             const ChannelsRedisReceiverFuncs *funcs,
                             gpointer user_data)
{
  ChannelsRedisReceiver *self = g_object_new (CHANNELS_TYPE_REDIS_RECEIVER, NULL);

  self->queue = g_strdup (queue);
  self->discard = discard;
  self->funcs = funcs;
  self->user_data = user_data;
  self->connection =
      channels_redis_connection_new (address, CHANNELS_REDIS_CONNECTION_COMMANDS, NULL);
  g_signal_connect (self->connection, "up", G_CALLBACK (on_up), self);
  g_signal_connect (self->connection, "down", G_CALLBACK (on_down), self);

  return self;
}

/**
 * channels_redis_receiver_is_waiting:
 * @self: a receiver
 *
 * Returns: whether what is put in the queue now is heard of at once
 */
gboolean
channels_redis_receiver_is_waiting (ChannelsRedisReceiver *self)
{
  g_return_val_if_fail (CHANNELS_IS_REDIS_RECEIVER (self), FALSE);

  return self->waiting;
}

/**
 * channels_redis_receiver_close:
 * @self: a receiver
 *
 * Ends it for good: no function is called any more. To close twice is to close once.
 */
void
channels_redis_receiver_close (ChannelsRedisReceiver *self)
{
  g_return_if_fail (CHANNELS_IS_REDIS_RECEIVER (self));

  self->funcs = NULL;
  channels_redis_timer_clear (&self->rest);
  if (self->connection != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->connection, self);
      channels_redis_connection_close (self->connection);
    }
}
