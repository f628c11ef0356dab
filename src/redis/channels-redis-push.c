/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-push.h"

#include "channels-error.h"
#include "channels-redis-batches.h"
#include "channels-redis-error.h"

/* KEYS: queues, one for each message; ARGV: seconds that a message is kept, the score of what is
 * too old, and for each message the capacity of the queue, the score, and the message. Returns the
 * numbers of those that were not taken, from 1: the queue was full, or no queue at all. Redis
 * refuses to add where its memory is full, unless the script has changed something before: so what
 * is too old is not counted, and removed afterwards. */
const char channels_redis_push_script[] =
    "local refused = {}\n"
    "for i = 1, #KEYS do\n"
    "  local count = redis.pcall('ZCOUNT', KEYS[i], '(' .. ARGV[2], '+inf')\n"
    "  if type(count) == 'number' and count < tonumber(ARGV[3 * i]) then\n"
    "    redis.call('ZADD', KEYS[i], ARGV[3 * i + 1], ARGV[3 * i + 2])\n"
    "    redis.call('EXPIRE', KEYS[i], ARGV[1])\n"
    "  else\n"
    "    refused[#refused + 1] = i\n"
    "  end\n"
    "end\n"
    "for i = 1, #KEYS do\n"
    "  if KEYS[i] ~= KEYS[i + 1] then redis.pcall('ZREMRANGEBYSCORE', KEYS[i], 0, ARGV[2]) end\n"
    "end\n"
    "return refused";

/**
 * ChannelsRedisPush:
 *
 * Messages on their way into queues of one host: of some events, each for one queue or more, and
 * each alone or with all others in one message. They go by one command, or by several where a group
 * has so many members that their names are more than the events: Redis does one as a whole, and one
 * connection takes no more than %CHANNELS_REDIS_UNSENT_MAX.
 */
struct _ChannelsRedisPush
{
  GPtrArray *sends;                    /* (element-type ChannelsRedisSend) (owned): of the events */
  char *channel;                       /* (owned) (nullable): where it goes to one channel alone */
  const ChannelsRedisScript *script;   /* (unowned) */
  guint expiry;                        /* seconds */
  ChannelsRedisConnection *connection; /* (unowned) */
  GPtrArray *messages;                 /* (element-type Message) (owned): of the next command */
  gsize size;                          /* bytes of those */
};

typedef struct
{
  char *queue; /* (owned) */
  guint capacity;
  gint64 score; /* µs since 1970 */
  guint event;
  GBytes *bytes; /* (owned) */
} Message;

/* Messages of one command, which is under way. */
typedef struct
{
  GPtrArray *sends;    /* (element-type ChannelsRedisSend) (owned): of the events */
  char *channel;       /* (owned) (nullable): where it goes to one channel alone */
  GPtrArray *messages; /* (element-type Message) (owned) */
  guint *remotes;      /* (owned) (array): for each event in how many of them it is */
} Command;

static void
message_free (Message *self)
{
  g_free (self->queue);
  g_bytes_unref (self->bytes);
  g_free (self);
}

static void
command_free (Command *self)
{
  g_ptr_array_unref (self->sends);
  g_free (self->channel);
  g_ptr_array_unref (self->messages);
  g_free (self->remotes);
  g_free (self);
}

static GPtrArray *
messages_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) message_free);
}

/* Counts one message more, or less, for each event that is in it. */
static void
count (const Command *self, guint *remotes, guint index, int change)
{
  guint event = ((Message *) g_ptr_array_index (self->messages, index))->event;

  if (event != CHANNELS_REDIS_PUSH_ALL)
    remotes[event] += (guint) change;
  for (guint i = 0; event == CHANNELS_REDIS_PUSH_ALL && i < self->sends->len; i++)
    remotes[i] += (guint) change;
}

/* Takes those off that @reply says were refused; `FALSE` if it does not say such a thing. */
static gboolean
count_refused (const Command *self, guint *remotes, const ChannelsRedisReply *reply)
{
  gint64 last = 0;

  if (reply->type != REDIS_REPLY_ARRAY)
    return FALSE;

  for (gsize i = 0; i < reply->elements; i++)
    {
      const ChannelsRedisReply *number = reply->element[i];

      if (number->type != REDIS_REPLY_INTEGER || number->integer <= last ||
          number->integer > self->messages->len)
        return FALSE;

      last = number->integer;
      count (self, remotes, (guint) last - 1, -1);
    }

  return TRUE;
}

static void
pushed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Command *self = user_data;
  g_autofree guint *remotes = g_memdup2 (self->remotes, self->sends->len * sizeof (guint));
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisReply) reply =
      channels_redis_connection_command_finish (CHANNELS_REDIS_CONNECTION (source), result, &error);

  if (reply != NULL && !count_refused (self, remotes, reply))
    error = g_error_new_literal (CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_PROTOCOL,
                                 "it does not say who took the events");
  else if (reply != NULL && reply->elements > 0 && self->channel != NULL)
    error =
        g_error_new (CHANNELS_ERROR, CHANNELS_ERROR_CHANNEL_FULL, "“%s” is full", self->channel);

  /* They keep the layer, which has the connection. */
  for (guint i = 0; i < self->sends->len; i++)
    {
      if (self->remotes[i] > 0)
        channels_redis_send_end_part (g_ptr_array_index (self->sends, i),
                                      error == NULL ? remotes[i] : 0, error);
    }
  command_free (self);
}

/* Sends the messages that are here. */
static void
send_messages (ChannelsRedisPush *self)
{
  GPtrArray *messages = self->messages;
  Command *command = g_new0 (Command, 1);
  g_auto (ChannelsRedisWords) words = { NULL };

  *command = (Command){
    .sends = g_ptr_array_ref (self->sends),
    .channel = g_strdup (self->channel),
    .messages = messages,
    .remotes = g_new0 (guint, self->sends->len),
  };
  self->messages = messages_new ();
  self->size = 0;

  channels_redis_script_begin (self->script, &words, messages->len);
  for (guint i = 0; i < messages->len; i++)
    channels_redis_words_add (&words, ((Message *) g_ptr_array_index (messages, i))->queue);
  channels_redis_words_add_uint (&words, self->expiry);
  channels_redis_words_add_too_old (&words, "", self->expiry);
  for (guint i = 0; i < messages->len; i++)
    {
      const Message *message = g_ptr_array_index (messages, i);

      channels_redis_words_add_uint (&words, message->capacity);
      channels_redis_words_add_time (&words, message->score);
      channels_redis_words_add_bytes (&words, message->bytes);
      count (command, command->remotes, i, 1);
    }

  for (guint i = 0; i < self->sends->len; i++)
    {
      if (command->remotes[i] > 0)
        channels_redis_send_begin_part (g_ptr_array_index (self->sends, i));
    }
  channels_redis_words_send (&words, self->connection, pushed_cb, command);
}

/**
 * channels_redis_push_new:
 * @sends: (element-type ChannelsRedisSend): for each event who is told how it ended; each has a
 * part more for every command that it is in
 * @channel: (nullable): the channel that it is for, where it is for one alone: then the send fails
 * with `CHANNELS_ERROR_CHANNEL_FULL` where the queue holds no more
 * @script: #channels_redis_push_script
 * @expiry: seconds that a message is kept
 * @connection: to the host; it and @script outlive this
 *
 * Returns: (transfer full): no messages yet; end it with channels_redis_push_end()
 */
ChannelsRedisPush *
channels_redis_push_new (GPtrArray *sends,
                         const char *channel,
                         const ChannelsRedisScript *script,
                         guint expiry,
                         ChannelsRedisConnection *connection)
{
  ChannelsRedisPush *self = g_new0 (ChannelsRedisPush, 1);

  self->sends = g_ptr_array_ref (sends);
  self->channel = g_strdup (channel);
  self->script = script;
  self->expiry = expiry;
  self->connection = connection;
  self->messages = messages_new ();

  return self;
}

/**
 * channels_redis_push_add:
 * @self: a push
 * @queue: a key; what goes to the same one stands together
 * @capacity: messages that it holds
 * @score: µs since 1970
 * @event: the index of the event, or %CHANNELS_REDIS_PUSH_ALL
 * @message: what is put into it
 *
 * Sends a message, behind those before, when they are enough for a command or the push ends.
 */
void
channels_redis_push_add (ChannelsRedisPush *self,
                         const char *queue,
                         guint capacity,
                         gint64 score,
                         guint event,
                         GBytes *message)
{
  Message *item = g_new (Message, 1);

  *item = (Message){
    .queue = g_strdup (queue),
    .capacity = capacity,
    .score = score,
    .event = event,
    .bytes = g_bytes_ref (message),
  };
  g_ptr_array_add (self->messages, item);
  self->size += g_bytes_get_size (message);
  if (self->size >= CHANNELS_REDIS_PAYLOADS_SIZE)
    send_messages (self);
}

/**
 * channels_redis_push_end:
 * @self: (transfer full): a push
 *
 * Sends the messages that are left, if there are any. The sends are told when that is done.
 */
void
channels_redis_push_end (ChannelsRedisPush *self)
{
  if (self->messages->len > 0)
    send_messages (self);

  g_ptr_array_unref (self->sends);
  g_ptr_array_unref (self->messages);
  g_free (self->channel);
  g_free (self);
}
