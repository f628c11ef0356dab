/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-receiver.h"

#include "channels-redis-error.h"
#include "channels-redis-retry.h"
#include "channels-redis-script.h"
#include "channels-redis-words.h"

#include <string.h>

/* How long Redis holds an empty-handed pop, and how long we then wait for it: both less than the
 * silence after which a connection is given up. One that holds it for less than half of that does
 * not hold it at all. */
#define POP_SECONDS "5"
#define POP_TIMEOUT (8 * G_TIME_SPAN_SECOND)
#define POP_MIN (2500 * G_TIME_SPAN_MILLISECOND)

/* Events, and bytes, of one reply: what is taken and then lost would be lost for good, and others
 * have their turn before the next. A message that no reply may have room for is dropped. */
#define DRAIN_EVENTS "128"
#define DRAIN_BYTES "4194304"
#define MESSAGE_BYTES_MAX "15728640"

/* KEYS: the queue; ARGV: events, bytes, bytes of one message. What is dropped is returned as an
 * empty string. A few are looked at each time, as they may be large. A bundle says how many events
 * it has (#ChannelsRedisBundle); what is encrypted may have as many short ones as it has room for,
 * of 48 bytes each. */
static const char drain_script[] =
    "local found, events, size, full = {}, 0, 0, false\n"
    "while not full do\n"
    "  local next = redis.call('ZRANGE', KEYS[1], 0, 15)\n"
    "  local taken = 0\n"
    "  for i = 1, #next do\n"
    "    local message, n = next[i], 1\n"
    "    if #message > tonumber(ARGV[3]) then message = '' end\n"
    "    local first, second = string.byte(message, 13, 14)\n"
    "    if first == 193 then n = math.max(second or 1, 1) end\n"
    "    if first == 103 then n = math.ceil(#message / 48) end\n"
    "    events = events + n\n"
    "    size = size + #message\n"
    "    full = events > tonumber(ARGV[1]) or size > tonumber(ARGV[2])\n"
    "    if full and #found > 0 then break end\n"
    "    found[#found + 1] = message\n"
    "    taken = taken + 1\n"
    "  end\n"
    "  if taken > 0 then redis.call('ZREMRANGEBYRANK', KEYS[1], 0, taken - 1) end\n"
    "  full = full or #next < 16\n"
    "end\n"
    "return found";

/* Which client of Redis' this connection is, as Redis sees it. */
typedef struct
{
  char *id;      /* (owned) (nullable) */
  char *address; /* (owned) (nullable) */
} Client;

/**
 * ChannelsRedisReceiver:
 *
 * Empties this node's queue on one host, on a connection of its own: it waits for a message with
 * `BZPOPMIN`, and right behind that has sent the command that takes those that stand behind it.
 * Redis does the second as soon as the first is done, so all come at once, and in one write to each
 * browser. Nothing else costs an idle node anything. What a node of the same name has left unread,
 * which died, may be removed first.
 *
 * A connection that broke on our side alone is a client that still waits in Redis, in front of us,
 * and would be given the next message: it is ended first. Redis numbers its clients, anew when it
 * is restarted, so it is ended only where number and address are those that it had.
 */
struct _ChannelsRedisReceiver
{
  GObject parent_instance;

  ChannelsRedisConnection *connection;     /* (owned) */
  char *queue;                             /* (owned): a key */
  const ChannelsRedisReceiverFuncs *funcs; /* (unowned) (nullable): `NULL` once closed */
  gpointer user_data;                      /* (unowned) */
  ChannelsRedisRetry retry;
  ChannelsRedisScript drain;
  Client client;        /* of this connection, or of the last one */
  gint64 asked;         /* µs, monotonic: when the wait began */
  gboolean discard;     /* the queue is to be removed before it is read */
  gboolean pop_refused; /* the last wait was: only one that succeeds proves that we can */
  gboolean waiting;
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
  g_autoptr (GBytes) bytes = NULL;

  if (message->type != REDIS_REPLY_STRING || self->funcs == NULL)
    return;

  bytes = g_bytes_new (message->str, message->len);
  self->funcs->message (bytes, self->user_data);
}

/* An outage needs nothing: all begins anew when the connection is up again. */
static void
rest (ChannelsRedisReceiver *self, const GError *error)
{
  if (!channels_redis_connection_is_up (self->connection) || self->retry.timer == NULL)
    return;

  channels_redis_retry_refused (&self->retry, "cannot receive", error);
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

/* What is wrong is said by the wait that stands in front of it. */
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

  if (!self->pop_refused)
    set_waiting (self, TRUE);
  wait_for_message (self);
}

static void
drain (ChannelsRedisReceiver *self, GAsyncReadyCallback callback)
{
  g_auto (ChannelsRedisWords) words;

  channels_redis_script_begin (&self->drain, &words, 1);
  channels_redis_words_add (&words, self->queue);
  channels_redis_words_add (&words, DRAIN_EVENTS);
  channels_redis_words_add (&words, DRAIN_BYTES);
  channels_redis_words_add (&words, MESSAGE_BYTES_MAX);
  channels_redis_words_send (&words, self->connection, callback, g_object_ref (self));
}

/* What is wrong with what came of a wait: (transfer full), `NULL` where nothing is. */
static GError *
check_popped (ChannelsRedisReceiver *self, const ChannelsRedisReply *reply)
{
  if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 3)
    return NULL;

  if (reply->type == REDIS_REPLY_NIL && g_get_monotonic_time () - self->asked >= POP_MIN)
    return NULL;

  return g_error_new_literal (CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_PROTOCOL,
                              "Redis does not wait for messages");
}

static void
popped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChannelsRedisReceiver) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisReply) reply =
      channels_redis_connection_command_finish (CHANNELS_REDIS_CONNECTION (source), result, &error);

  if (reply != NULL)
    error = check_popped (self, reply);
  self->pop_refused = error != NULL;
  if (error != NULL)
    {
      rest (self, error);
      return;
    }

  if (self->retry.timer != NULL)
    channels_redis_retry_done (&self->retry);
  set_waiting (self, TRUE);
  if (reply->type == REDIS_REPLY_ARRAY)
    hand_over (self, reply->element[1]);
  wait_for_message (self);
}

static void
wait_for_message (ChannelsRedisReceiver *self)
{
  const char *argv[] = { "BZPOPMIN", self->queue, POP_SECONDS };

  self->asked = g_get_monotonic_time ();
  channels_redis_connection_command_async (self->connection, G_N_ELEMENTS (argv), argv, NULL,
                                           POP_TIMEOUT, NULL, popped_cb, g_object_ref (self));
  drain (self, drained_cb);
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
  drain (self, probed_cb);
}

/* To drain is to know at once whether we are refused. */
static void
begin (ChannelsRedisReceiver *self)
{
  g_auto (ChannelsRedisWords) words = { NULL };

  if (!self->discard)
    {
      drain (self, probed_cb);
      return;
    }

  channels_redis_words_init (&words, "DEL");
  channels_redis_words_add (&words, self->queue);
  channels_redis_words_send (&words, self->connection, discarded_cb, g_object_ref (self));
}

static void
client_clear (Client *self)
{
  g_clear_pointer (&self->id, g_free);
  g_clear_pointer (&self->address, g_free);
}

/* The answer to CLIENT INFO (Redis 6.2): `id=7 addr=127.0.0.1:50000 …`. All clients of a Unix
 * socket have one address; but those do not break on one side alone. */
static void
informed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChannelsRedisReceiver) self = user_data;
  g_autoptr (ChannelsRedisReply) reply =
      channels_redis_connection_command_finish (CHANNELS_REDIS_CONNECTION (source), result, NULL);
  g_auto (GStrv) words = NULL;

  if (reply == NULL || reply->type != REDIS_REPLY_STRING)
    return;

  words = g_strsplit (reply->str, " ", 3);
  if (g_strv_length (words) < 2 || !g_str_has_prefix (words[0], "id=") ||
      !g_str_has_prefix (words[1], "addr=") || g_str_has_suffix (words[1], ":0"))
    return;

  self->client.id = g_strdup (words[0] + strlen ("id="));
  self->client.address = g_strdup (words[1] + strlen ("addr="));
}

/* Ends the client that we were, and asks which we are. Whoever may not do so does without. */
static void
replace_client (ChannelsRedisReceiver *self)
{
  const char *kill[] = { "CLIENT", "KILL", "ID", self->client.id, "ADDR", self->client.address };
  const char *info[] = { "CLIENT", "INFO" };

  if (self->client.id != NULL)
    channels_redis_connection_command_async (self->connection, G_N_ELEMENTS (kill), kill, NULL,
                                             POP_TIMEOUT, NULL, NULL, NULL);
  client_clear (&self->client);
  channels_redis_connection_command_async (self->connection, G_N_ELEMENTS (info), info, NULL,
                                           POP_TIMEOUT, NULL, informed_cb, g_object_ref (self));
}

static void
on_up (ChannelsRedisConnection *connection, ChannelsRedisReceiver *self)
{
  /* A rest from before the outage is over: there must be one wait at a time. */
  channels_redis_retry_done (&self->retry);
  self->pop_refused = FALSE;
  replace_client (self);
  channels_redis_script_load (&self->drain, connection);
  begin (self);
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

  if (channels_redis_connection_is_up (self->connection))
    begin (self);

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
  client_clear (&self->client);
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
  channels_redis_retry_init (&self->retry, "[channels] redis receive again", on_rested, self);
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
  channels_redis_retry_clear (&self->retry);
  if (self->connection != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->connection, self);
      channels_redis_connection_close (self->connection);
    }
}
