/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-batches.h"

#include "channels-error.h"
#include "channels-redis-bundle.h"
#include "channels-redis-deaf.h"
#include "channels-redis-error.h"
#include "channels-redis-stream.h"
#include "channels-redis-timer.h"

/* Where a queue was full: how soon it is tried again, later each time, as all of the command goes
 * to Redis again; and for how long while nothing moves, µs. */
#define TRY_AGAIN (1 * G_TIME_SPAN_MILLISECOND)
#define PATIENCE (100 * G_TIME_SPAN_MILLISECOND)

/* Bytes that stand in front of the payloads, about. */
#define HEAD_SIZE 128

/* How long an event waits for the slowest node, µs. */
#define WAIT_MAX (3 * G_TIME_SPAN_SECOND)

/**
 * ChannelsRedisBatches:
 *
 * What is sent to groups in one turn of the loop: one command a group. To call a script costs Redis
 * more than what it does for one event, and a receiver that finds all of them at once writes once
 * to each of its browsers.
 *
 * Where nodes have queues that may be full, one command of a group is under way at a time, and it
 * brings the events that all queues have room for; the others are tried again, as nodes read and
 * make room. So of a burst nothing is lost on the way to a node that reads. What a dead node has is
 * never read: once nothing has moved for a moment, those whose queue is full are *deaf*, and go
 * without in all groups, until there is room in it again.
 */
struct _ChannelsRedisBatches
{
  guint capacity; /* of a queue; 0: there are none */
  ChannelsRedisBatchesFunc begin;
  ChannelsRedisBatchesFlushedFunc flushed; /* (nullable) */
  gpointer user_data;                      /* (unowned) */
  GHashTable *groups;                      /* (element-type utf8 Group) (owned) */
  GQueue ready;            /* (element-type Group) (unowned): to be looked at by the next flush */
  ChannelsRedisDeaf *deaf; /* (owned) */
  guint n_events;          /* that are not under way */
  gsize size;              /* bytes of those */
  guint n_hurried;         /* batches that are to go before anything else does */
  GSource *flush;          /* (owned): ready where a group is */
};

/* A group with events that have not been answered for. */
typedef struct
{
  GList link;           /* among those that are ready */
  gboolean is_ready;    /* it is one of those */
  gint64 ready_time;    /* µs, monotonic: from when on */
  char *name;           /* (owned) */
  GQueue batches;       /* (element-type Batch) (owned): in order */
  guint n_under_way;    /* of those */
  gint64 refused_since; /* µs, monotonic: when something last moved; 0: nothing was refused */
} Group;

/* Events of one command. */
typedef struct
{
  GList link; /* in its group */
  ChannelsRedisBatches *owner;
  Group *group;
  GPtrArray *payloads; /* (element-type GBytes) (owned) */
  GPtrArray *sends;    /* (element-type ChannelsRedisSend) (owned): each has to be ended */
  gsize size;          /* bytes of the payloads */
  gint64 begun;        /* µs, monotonic */
  gboolean under_way;  /* or it waits */
  gboolean is_last;    /* and is sent for the last time: all of it, whoever has room */
  gboolean is_hurried; /* it has to, but was not yet */
} Batch;

static void
group_free (gpointer data)
{
  Group *group = data;

  g_assert (g_queue_is_empty (&group->batches));
  g_free (group->name);
  g_free (group);
}

static Group *
ensure_group (ChannelsRedisBatches *self, const char *name)
{
  Group *group = g_hash_table_lookup (self->groups, name);

  if (group != NULL)
    return group;

  group = g_new0 (Group, 1);
  group->link.data = group;
  group->name = g_strdup (name);
  g_hash_table_insert (self->groups, group->name, group);

  return group;
}

/* Forgets a group of which nothing waits. */
static void
release_group (ChannelsRedisBatches *self, Group *group)
{
  if (g_queue_is_empty (&group->batches) && !group->is_ready)
    g_hash_table_remove (self->groups, group->name);
}

/* Has a flush look at a group at @time, or before that where it is to already. */
static void
make_ready (ChannelsRedisBatches *self, Group *group, gint64 time)
{
  gint64 ready = g_source_get_ready_time (self->flush);

  if (!group->is_ready)
    g_queue_push_tail_link (&self->ready, &group->link);
  group->ready_time = group->is_ready ? MIN (group->ready_time, time) : time;
  group->is_ready = TRUE;

  if (ready < 0 || ready > time)
    g_source_set_ready_time (self->flush, time);
}

static Batch *
batch_new (ChannelsRedisBatches *self, Group *group)
{
  Batch *batch = g_new0 (Batch, 1);

  batch->link.data = batch;
  batch->owner = self;
  batch->group = group;
  batch->payloads = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  batch->sends = g_ptr_array_new ();
  batch->begun = g_get_monotonic_time ();
  g_queue_push_tail_link (&group->batches, &batch->link);

  return batch;
}

static void
batch_free (Batch *batch)
{
  g_queue_unlink (&batch->group->batches, &batch->link);
  g_ptr_array_unref (batch->payloads);
  g_ptr_array_unref (batch->sends);
  g_free (batch);
}

static void
set_under_way (Batch *batch, gboolean under_way)
{
  ChannelsRedisBatches *self = batch->owner;

  batch->under_way = under_way;
  if (under_way)
    {
      batch->group->n_under_way++;
      self->n_events -= batch->sends->len;
      self->size -= batch->size;
    }
  else
    {
      batch->group->n_under_way--;
      self->n_events += batch->sends->len;
      self->size += batch->size;
    }
}

/* It is sent for the last time as soon as what is before it in its group allows. */
static void
hurry (ChannelsRedisBatches *self, Batch *batch)
{
  if (batch->is_hurried || (batch->under_way && batch->is_last))
    return;

  batch->is_hurried = TRUE;
  self->n_hurried++;
}

static void
end_hurry (ChannelsRedisBatches *self, Batch *batch)
{
  self->n_hurried -= batch->is_hurried ? 1 : 0;
  batch->is_hurried = FALSE;
}

/* Takes the first @n events out, and returns their sends: (transfer container). */
static GPtrArray *
batch_take (Batch *batch, guint n)
{
  GPtrArray *sends = g_ptr_array_sized_new (n);

  for (guint i = 0; i < n; i++)
    {
      g_ptr_array_add (sends, g_ptr_array_index (batch->sends, i));
      batch->size -= g_bytes_get_size (g_ptr_array_index (batch->payloads, i));
    }
  if (n > 0)
    {
      g_ptr_array_remove_range (batch->sends, 0, n);
      g_ptr_array_remove_range (batch->payloads, 0, n);
    }

  return sends;
}

/* What an answer is an array of, see #ChannelsRedisBatchesFunc. */
enum
{
  ANSWER_N_SENT,
  ANSWER_TAKEN,
  ANSWER_FULL,
  ANSWER_HEARD,
  N_ANSWERS
};

/* How many took the event at @index. */
static guint
get_remotes (const ChannelsRedisReply *reply, gsize index)
{
  const ChannelsRedisReply *taken = reply->element[ANSWER_TAKEN];

  if (taken->type == REDIS_REPLY_ARRAY)
    taken = taken->element[index];

  return taken->type == REDIS_REPLY_INTEGER ? CLAMP (taken->integer, 0, G_MAXINT) : 0;
}

/* How many events were sent; -1 if it does not say. */
static int
read_n_sent (const Batch *batch, const ChannelsRedisReply *reply)
{
  int n_events = (int) batch->sends->len;
  const ChannelsRedisReply *n_sent;
  const ChannelsRedisReply *taken;

  if (reply->type != REDIS_REPLY_ARRAY || reply->elements != N_ANSWERS ||
      reply->element[ANSWER_FULL]->type != REDIS_REPLY_ARRAY ||
      reply->element[ANSWER_HEARD]->type != REDIS_REPLY_ARRAY)
    return -1;

  n_sent = reply->element[ANSWER_N_SENT];
  taken = reply->element[ANSWER_TAKEN];
  if (n_sent->type != REDIS_REPLY_INTEGER || n_sent->integer < (batch->is_last ? n_events : 0) ||
      n_sent->integer > n_events ||
      (taken->type == REDIS_REPLY_ARRAY && taken->elements != (gsize) n_sent->integer))
    return -1;

  return (int) n_sent->integer;
}

/* Remembers what an answer about @n_done events says of the queues. */
static void
note_answer (Batch *batch, guint n_done, const ChannelsRedisReply *reply)
{
  Group *group = batch->group;
  gint64 now = g_get_monotonic_time ();
  gboolean is_stuck =
      n_done == 0 && group->refused_since > 0 && now - group->refused_since >= PATIENCE;

  channels_redis_deaf_remove (batch->owner->deaf, reply->element[ANSWER_HEARD]);
  if (is_stuck)
    channels_redis_deaf_add (batch->owner->deaf, reply->element[ANSWER_FULL]);
  if (n_done == batch->sends->len || is_stuck || batch->is_hurried)
    group->refused_since = 0;
  else if (n_done > 0 || group->refused_since == 0)
    group->refused_since = now;
}

/* Has it tried again what came back: soon where something moved, else after half as long again. */
static void
try_again (ChannelsRedisBatches *self, Group *group)
{
  gint64 now = g_get_monotonic_time ();
  gint64 waited = group->refused_since > 0 ? now - group->refused_since : 0;

  make_ready (self, group, now + TRY_AGAIN + MIN (waited, PATIENCE) / 2);
}

static void go_on (ChannelsRedisBatches *self, Group *group);

/* What was sent since may go. */
static void
end_flush (ChannelsRedisBatches *self)
{
  if (!g_queue_is_empty (&self->ready))
    g_source_set_ready_time (self->flush, 0);
  if (self->flushed != NULL)
    self->flushed (self->user_data);
}

static void
answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Batch *batch = user_data;
  ChannelsRedisBatches *self = batch->owner;
  Group *group = batch->group;
  g_autoptr (GPtrArray) sends = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisReply) reply =
      channels_redis_connection_command_finish (CHANNELS_REDIS_CONNECTION (source), result, &error);
  int n_sent = reply != NULL ? read_n_sent (batch, reply) : -1;
  guint n_done = batch->sends->len;
  guint n_hurried = self->n_hurried;

  if (reply != NULL && n_sent < 0)
    error = g_error_new_literal (CHANNELS_REDIS_ERROR, CHANNELS_REDIS_ERROR_PROTOCOL,
                                 "it does not say how many took the events");
  if (error != NULL)
    {
      group->refused_since = 0;
    }
  else
    {
      n_done = (guint) n_sent;
      note_answer (batch, n_done, reply);
    }

  sends = batch_take (batch, n_done);
  set_under_way (batch, FALSE);
  if (batch->sends->len == 0)
    {
      end_hurry (self, batch);
      batch_free (batch);
    }
  else if (!batch->is_hurried)
    {
      try_again (self, group);
    }
  if (group->refused_since == 0)
    go_on (self, group);
  release_group (self, group);
  if (n_hurried > 0 && self->n_hurried == 0)
    end_flush (self);

  /* They keep the layer, which has us. */
  for (guint i = 0; i < n_done; i++)
    channels_redis_send_end_part (g_ptr_array_index (sends, i),
                                  error == NULL ? get_remotes (reply, i) : 0, error);
}

static void
send_batch (ChannelsRedisBatches *self, Batch *batch, gboolean is_last)
{
  g_autoptr (GByteArray) payloads =
      g_byte_array_sized_new ((guint) batch->size + batch->payloads->len * 4 + HEAD_SIZE);
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *deaf =
      is_last ? g_strdup (CHANNELS_REDIS_BATCHES_ALL) : channels_redis_deaf_join (self->deaf);
  g_auto (ChannelsRedisWords) words;
  ChannelsRedisConnection *connection;

  batch->is_last = is_last;
  if (is_last)
    end_hurry (self, batch);
  set_under_way (batch, TRUE);
  connection = self->begin (batch->group->name, batch->payloads->len, deaf, payloads, &words,
                            self->user_data);
  channels_redis_words_add_uint (&words, batch->payloads->len);
  channels_redis_words_add_uint (&words, payloads->len);
  for (guint i = 0; i < batch->payloads->len; i++)
    channels_redis_bundle_append (payloads, g_ptr_array_index (batch->payloads, i));
  bytes = g_byte_array_free_to_bytes (g_steal_pointer (&payloads));
  channels_redis_words_add_bytes (&words, bytes);
  channels_redis_words_send (&words, connection, answered_cb, batch);
}

static gboolean
may_wait (ChannelsRedisBatches *self, const Batch *batch)
{
  return self->capacity > 0 && !batch->is_hurried &&
         g_get_monotonic_time () - batch->begun < WAIT_MAX;
}

/* Sends what waits of a group, as far as it may be under way: nothing behind what may come back,
 * and nothing that others have to go before. */
static void
go_on (ChannelsRedisBatches *self, Group *group)
{
  for (GList *link = group->batches.head; link != NULL; link = link->next)
    {
      Batch *batch = link->data;
      gboolean is_last = !may_wait (self, batch);

      if (batch->under_way && batch->is_last)
        continue;
      if (batch->under_way || (!is_last && group->n_under_way > 0) ||
          (!batch->is_hurried && self->n_hurried > 0))
        return;

      send_batch (self, batch, is_last);
    }
}

static gboolean
on_flush (gpointer user_data)
{
  ChannelsRedisBatches *self = user_data;
  gint64 now = g_get_monotonic_time ();
  guint n = self->n_hurried == 0 ? self->ready.length : 0;

  for (guint i = 0; i < n; i++)
    {
      GList *link = g_queue_pop_head_link (&self->ready);
      Group *group = link->data;

      group->is_ready = FALSE;
      if (group->ready_time > now)
        {
          make_ready (self, group, group->ready_time);
          continue;
        }

      go_on (self, group);
      release_group (self, group);
    }

  return G_SOURCE_CONTINUE;
}

/**
 * channels_redis_batches_new:
 * @begin: begins a command
 * @flushed: (nullable): called where a flush took its time, when it is done
 * @user_data: (closure): passed to them
 * @capacity: events that a node's queue holds; 0 where nodes have no queues
 *
 * Returns: (transfer full): no batches yet, in the thread's default context
 */
ChannelsRedisBatches *
channels_redis_batches_new (ChannelsRedisBatchesFunc begin,
                            ChannelsRedisBatchesFlushedFunc flushed,
                            gpointer user_data,
                            guint capacity)
{
  ChannelsRedisBatches *self = g_new0 (ChannelsRedisBatches, 1);

  self->capacity = capacity;
  self->begin = begin;
  self->flushed = flushed;
  self->user_data = user_data;
  self->groups = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, group_free);
  self->deaf = channels_redis_deaf_new ();
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

  channels_redis_timer_clear (&self->flush);
  g_hash_table_unref (self->groups);
  channels_redis_deaf_free (self->deaf);
  g_free (self);
}

static gboolean
is_full (ChannelsRedisBatches *self, const Batch *batch)
{
  return batch->payloads->len == CHANNELS_REDIS_PAYLOADS_MAX ||
         batch->payloads->len == self->capacity || batch->size >= CHANNELS_REDIS_PAYLOADS_SIZE;
}

/* The batch that the next event of a group belongs to. */
static Batch *
ensure_batch (ChannelsRedisBatches *self, Group *group)
{
  Batch *last = g_queue_peek_tail (&group->batches);

  return last != NULL && !last->under_way && !last->is_hurried && !is_full (self, last)
             ? last
             : batch_new (self, group);
}

/**
 * channels_redis_batches_add:
 * @self: batches
 * @group: a group's name
 * @payload: an event, as Redis is given it
 * @send: (transfer full): told how that ended: with `CHANNELS_ERROR_LAYER_UNAVAILABLE` where too
 * much waits
 *
 * Sends an event to a group, before the loop sleeps, and in order with others to the same group.
 */
void
channels_redis_batches_add (ChannelsRedisBatches *self,
                            const char *group,
                            GBytes *payload,
                            ChannelsRedisSend *send)
{
  gsize size = g_bytes_get_size (payload);
  Group *here;
  Batch *batch;

  if (self->n_events >= CHANNELS_REDIS_COMMANDS_MAX ||
      self->size + size > CHANNELS_REDIS_UNSENT_MAX)
    {
      g_autoptr (GError) error = g_error_new_literal (
          CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE, "too much waits for Redis");

      channels_redis_send_end_part (send, 0, error);
      return;
    }

  here = ensure_group (self, group);
  batch = ensure_batch (self, here);
  g_ptr_array_add (batch->payloads, g_bytes_ref (payload));
  g_ptr_array_add (batch->sends, send);
  batch->size += size;
  self->n_events++;
  self->size += size;

  if (is_full (self, batch) && here->refused_since == 0 && self->n_hurried == 0)
    go_on (self, here);
  else if (here->refused_since == 0 || self->n_hurried > 0)
    make_ready (self, here, 0);
}

static void
flush_group (ChannelsRedisBatches *self, Group *group)
{
  for (GList *link = group->batches.head; link != NULL; link = link->next)
    hurry (self, link->data);

  go_on (self, group);
}

/**
 * channels_redis_batches_flush:
 * @self: batches
 *
 * Sends all that waits, and a full queue goes without. Where a command is under way of which some
 * may come back, the rest of its group goes when that is known, and till then nothing that is sent
 * after this.
 *
 * Returns: whether all has gone: what is sent otherwise comes behind it; else `flushed` is called
 */
gboolean
channels_redis_batches_flush (ChannelsRedisBatches *self)
{
  GHashTableIter iter;
  Group *group;

  if (self->n_hurried > 0)
    return FALSE;

  for (GList *link = self->ready.head; link != NULL; link = link->next)
    flush_group (self, link->data);

  g_hash_table_iter_init (&iter, self->groups);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &group))
    flush_group (self, group);

  return self->n_hurried == 0;
}
