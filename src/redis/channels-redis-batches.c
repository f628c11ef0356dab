/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-batches.h"

#include "channels-redis-error.h"
#include "channels-redis-timer.h"

/* Of one command. Redis does it as a whole, while others wait. */
#define PAYLOADS_MAX 128
#define BYTES_MAX (1024 * 1024)

/**
 * ChannelsRedisBatches:
 *
 * What is sent to groups in one turn of the loop: one command a group. To call a script costs Redis
 * more than what it does for one event, and a receiver that finds all of them at once writes once
 * to each of its browsers.
 */
struct _ChannelsRedisBatches
{
  ChannelsRedisBatchesFunc begin;
  gpointer user_data; /* (unowned) */
  GQueue open;        /* (element-type Batch) (owned): in the order in which they were begun */
  GHashTable *groups; /* (element-type utf8 Batch) (unowned): the same */
  GSource *flush;     /* (owned): ready where there are any */
};

/* The events of one group. */
typedef struct
{
  GList link;          /* among those that are open */
  char *group;         /* (owned) */
  GPtrArray *payloads; /* (element-type GBytes) (owned) */
  GPtrArray *sends;    /* (element-type ChannelsRedisSend) (owned): each has to be ended */
  gsize size;          /* bytes of the payloads */
} Batch;

static Batch *
batch_new (const char *group)
{
  Batch *self = g_new0 (Batch, 1);

  self->link.data = self;
  self->group = g_strdup (group);
  self->payloads = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  self->sends = g_ptr_array_new ();

  return self;
}

static void
batch_free (Batch *self)
{
  g_free (self->group);
  g_ptr_array_unref (self->payloads);
  g_ptr_array_unref (self->sends);
  g_free (self);
}

/* How many took the event at @index. */
static guint
get_remotes (const ChannelsRedisReply *reply, guint index)
{
  const ChannelsRedisReply *element = reply->element[index];

  return element->type == REDIS_REPLY_INTEGER ? CLAMP (element->integer, 0, G_MAXINT) : 0;
}

static void
answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Batch *batch = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisReply) reply =
      channels_redis_connection_command_finish (CHANNELS_REDIS_CONNECTION (source), result, &error);

  if (reply != NULL && (reply->type != REDIS_REPLY_ARRAY || reply->elements != batch->sends->len))
    error = g_error_new_literal (CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_PROTOCOL,
                                 "it does not say how many took the events");

  for (guint i = 0; i < batch->sends->len; i++)
    channels_redis_send_end_part (g_ptr_array_index (batch->sends, i),
                                  error == NULL ? get_remotes (reply, i) : 0, error);
  batch_free (batch);
}

static void
send_batch (ChannelsRedisBatches *self, Batch *batch)
{
  g_auto (ChannelsRedisWords) words;
  ChannelsRedisConnection *connection =
      self->begin (batch->group, batch->payloads->len, &words, self->user_data);

  g_queue_unlink (&self->open, &batch->link);
  g_hash_table_remove (self->groups, batch->group);
  for (guint i = 0; i < batch->payloads->len; i++)
    channels_redis_words_add_bytes (&words, g_ptr_array_index (batch->payloads, i));
  channels_redis_words_send (&words, connection, answered_cb, batch);
}

static gboolean
on_flush (gpointer user_data)
{
  channels_redis_batches_flush (user_data);

  return G_SOURCE_CONTINUE;
}

/**
 * channels_redis_batches_new:
 * @begin: begins a command
 * @user_data: (closure): passed to @begin
 *
 * Returns: (transfer full): no batches yet, in the thread's default context
 */
ChannelsRedisBatches *
channels_redis_batches_new (ChannelsRedisBatchesFunc begin, gpointer user_data)
{
  ChannelsRedisBatches *self = g_new0 (ChannelsRedisBatches, 1);

  self->begin = begin;
  self->user_data = user_data;
  self->groups = g_hash_table_new (g_str_hash, g_str_equal);
  self->flush = channels_redis_timer_new ("[channels] redis batch", on_flush, self);

  return self;
}

/**
 * channels_redis_batches_free:
 * @self: (nullable): batches in which nothing waits: each send in them keeps its layer alive
 */
void
channels_redis_batches_free (ChannelsRedisBatches *self)
{
  if (self == NULL)
    return;

  g_assert (g_queue_is_empty (&self->open));
  channels_redis_timer_clear (&self->flush);
  g_hash_table_unref (self->groups);
  g_free (self);
}

static Batch *
get_batch (ChannelsRedisBatches *self, const char *group)
{
  Batch *batch = g_hash_table_lookup (self->groups, group);

  if (batch != NULL)
    return batch;

  batch = batch_new (group);
  g_queue_push_tail_link (&self->open, &batch->link);
  g_hash_table_insert (self->groups, batch->group, batch);
  return batch;
}

/**
 * channels_redis_batches_add:
 * @self: batches
 * @group: a group's name
 * @payload: an event, as Redis is given it
 * @send: (transfer full): told how that ended
 *
 * Sends an event to a group, before the loop sleeps, and in order with others to the same group.
 */
void
channels_redis_batches_add (ChannelsRedisBatches *self,
                            const char *group,
                            GBytes *payload,
                            ChannelsRedisSend *send)
{
  Batch *batch = get_batch (self, group);

  g_ptr_array_add (batch->payloads, g_bytes_ref (payload));
  g_ptr_array_add (batch->sends, send);
  batch->size += g_bytes_get_size (payload);

  if (batch->payloads->len == PAYLOADS_MAX || batch->size >= BYTES_MAX)
    send_batch (self, batch);
  else if (g_source_get_ready_time (self->flush) < 0)
    g_source_set_ready_time (self->flush, 0);
}

/**
 * channels_redis_batches_flush:
 * @self: batches
 *
 * Sends all that waits; what is sent otherwise after that comes behind it.
 */
void
channels_redis_batches_flush (ChannelsRedisBatches *self)
{
  while (!g_queue_is_empty (&self->open))
    send_batch (self, g_queue_peek_head (&self->open));
}
