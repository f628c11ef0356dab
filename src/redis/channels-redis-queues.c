/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-queues.h"

#include "channels-names.h"
#include "channels-redis-batches.h"
#include "channels-redis-bundle.h"
#include "channels-redis-group-script.h"
#include "channels-redis-group.h"
#include "channels-redis-line.h"
#include "channels-redis-message.h"
#include "channels-redis-push.h"
#include "channels-redis-ring.h"
#include "channels-redis-script.h"
#include "channels-redis-timer.h"

#include <string.h>

/**
 * ChannelsRedisQueues:
 *
 * Puts events into the queues of other nodes.
 *
 * Each node that a group has members of gets one message for an event, which names all of these;
 * and a node of ours one for all that are sent in a turn of the loop (#ChannelsRedisBundle). One
 * script does that where it can: on one host, without encryption, where all queues hold as much.
 * Else the members are asked for first, and the messages made here, each when it is its turn
 * (#ChannelsRedisLine), and put into the queues of one host at once (#ChannelsRedisPush).
 *
 * So what one caller sends to one group keeps its order, and what it sends to a channel comes
 * behind; scores grow with each message, as a sorted set would sort equal ones by chance.
 */
struct _ChannelsRedisQueues
{
  const ChannelsRedisSettings *settings; /* (unowned) */
  GPtrArray *connections;                /* (element-type ChannelsRedisConnection) (owned) */
  ChannelsRedisScript push;
  ChannelsRedisScript group;
  ChannelsRedisBatches *batches; /* (owned) (nullable): for the group script, where that can be */
  ChannelsRedisLine line;        /* of what does not go by that */
  GSource *close;                /* (owned): its turns, where one is open */
  gboolean stopping;             /* nothing waits any more for room */
  gint64 last_score;             /* µs since 1970 */
  guint turn;                    /* the host of the next message to a channel of no node */
};

/* Whether Redis can make the messages of a group: it knows no keys and no other queues than its
 * own, and no pattern of a capacity. */
static gboolean
is_simple (const ChannelsRedisSettings *settings)
{
  return settings->hosts->len == 1 && settings->fernet == NULL && settings->capacities->len == 0;
}

static ChannelsRedisConnection *begin_group (const char *group,
                                             guint n_payloads,
                                             const char *deaf,
                                             GByteArray *payloads,
                                             ChannelsRedisWords *words,
                                             gpointer user_data);

static void go_on (gpointer user_data);

static gboolean on_close (gpointer user_data);

/**
 * channels_redis_queues_new:
 * @settings: of the layer; outlive this
 * @connections: (element-type ChannelsRedisConnection): for commands, one to each host
 *
 * Returns: (transfer full): the queues of other nodes
 */
ChannelsRedisQueues *
channels_redis_queues_new (const ChannelsRedisSettings *settings, GPtrArray *connections)
{
  ChannelsRedisQueues *self = g_new0 (ChannelsRedisQueues, 1);

  self->settings = settings;
  self->connections = g_ptr_array_ref (connections);
  channels_redis_script_init (&self->push, channels_redis_push_script);
  channels_redis_script_init (&self->group, channels_redis_group_script);
  channels_redis_line_init (&self->line);
  self->close = channels_redis_timer_new ("[channels] redis members", on_close, self);
  if (is_simple (settings))
    self->batches = channels_redis_batches_new (begin_group, go_on, self, settings->capacity);

  return self;
}

/**
 * channels_redis_queues_free:
 * @self: (nullable): queues that nothing is on its way to
 */
void
channels_redis_queues_free (ChannelsRedisQueues *self)
{
  if (self == NULL)
    return;

  channels_redis_timer_clear (&self->close);
  channels_redis_line_clear (&self->line);
  channels_redis_batches_free (self->batches);
  g_ptr_array_unref (self->connections);
  g_free (self);
}

/**
 * channels_redis_queues_load:
 * @self: the queues
 * @connection: one of those for commands, which has just gone up
 *
 * Makes ready for sending; before anything is sent.
 */
void
channels_redis_queues_load (ChannelsRedisQueues *self, ChannelsRedisConnection *connection)
{
  channels_redis_script_load (&self->push, connection);
  if (self->batches != NULL)
    channels_redis_script_load (&self->group, connection);
}

/* The node's part of a channel's name: its queue is called so. A name without `!` is whole. */
static char *
dup_node_part (const char *channel)
{
  const char *mark = strchr (channel, '!');

  return mark != NULL ? g_strndup (channel, mark + 1 - channel) : g_strdup (channel);
}

/* Where a message to one channel goes. A channel of no node (`!`) is received from by workers of
 * Django, which wait at one host after the other, a message each; so its senders take turns, too.
 */
static guint
choose_host (ChannelsRedisQueues *self, const char *channel, const char *node)
{
  if (strchr (channel, '!') != NULL)
    return channels_redis_ring_find (node, self->connections->len);

  return self->turn++ % self->connections->len;
}

/* Returns the first of @n scores that nothing else has. */
static gint64
take_scores (ChannelsRedisQueues *self, guint n)
{
  gint64 first = MAX (g_get_real_time (), self->last_score + 1);

  self->last_score = first + n - 1;
  return first;
}

/* The message for each node of ours, which has all events: (transfer none). */
static GBytes *
ensure_bundle (ChannelsRedisTurn *turn, GError **error)
{
  const ChannelsRedisQueues *self = turn->owner;

  if (turn->bundle == NULL)
    turn->bundle =
        channels_redis_message_new_bundle (self->settings, turn->group, turn->events, error);

  return turn->bundle;
}

static ChannelsRedisPush *
begin_push (const ChannelsRedisTurn *turn, guint host)
{
  ChannelsRedisQueues *self = turn->owner;

  return channels_redis_push_new (turn->sends, turn->channel, &self->push, self->settings->expiry,
                                  g_ptr_array_index (self->connections, host));
}

/* Members by their nodes, without our own, and those whose name no node of this layer can have:
 * (element-type utf8 GPtrArray). */
static GHashTable *
group_by_node (ChannelsRedisQueues *self, const ChannelsRedisReply *members)
{
  GHashTable *nodes =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);

  for (gsize i = 0; i < members->elements; i++)
    {
      const ChannelsRedisReply *member = members->element[i];
      g_autofree char *node = NULL;
      GPtrArray *names;

      if (member->type != REDIS_REPLY_STRING || strlen (member->str) != (gsize) member->len ||
          !channels_channel_name_validate (member->str, NULL) ||
          g_str_has_prefix (member->str, self->settings->node_prefix))
        continue;

      node = dup_node_part (member->str);
      names = g_hash_table_lookup (nodes, node);
      if (names == NULL)
        {
          names = g_ptr_array_new ();
          g_hash_table_insert (nodes, g_steal_pointer (&node), names);
        }
      g_ptr_array_add (names, member->str);
    }

  return nodes;
}

/* Adds what one node gets: a bundle, or each event alone, with the names of its members. */
static gboolean
push_to_node (ChannelsRedisTurn *turn,
              ChannelsRedisPush *push,
              const char *node,
              GPtrArray *names,
              gint64 score,
              GError **error)
{
  ChannelsRedisQueues *self = turn->owner;
  const char *const *channels = (const char *const *) names->pdata;
  guint capacity = channels_redis_settings_get_capacity (self->settings, channels[0]);
  g_autofree char *queue = g_strconcat (self->settings->prefix, node, NULL);

  if (names->len == 1 && channels_redis_group_reads_bundles (channels[0]))
    {
      GBytes *bundle = ensure_bundle (turn, error);

      if (bundle != NULL)
        channels_redis_push_add (push, queue, capacity, score, CHANNELS_REDIS_PUSH_ALL, bundle);
      return bundle != NULL;
    }

  for (guint i = 0; i < turn->events->len; i++)
    {
      g_autoptr (GBytes) message =
          channels_redis_message_new (self->settings, g_ptr_array_index (turn->events, i),
                                      g_variant_new_strv (channels, names->len), error);

      if (message == NULL)
        return FALSE;
      channels_redis_push_add (push, queue, capacity, score + i, i, message);
    }

  return TRUE;
}

/* Sends to those of @nodes that lie on @host. */
static gboolean
push_to_host (ChannelsRedisTurn *turn, guint host, GHashTable *nodes, gint64 score, GError **error)
{
  ChannelsRedisQueues *self = turn->owner;
  ChannelsRedisPush *push = begin_push (turn, host);
  gboolean made = TRUE;
  GHashTableIter iter;
  const char *node;
  GPtrArray *names;

  g_hash_table_iter_init (&iter, nodes);
  while (made && g_hash_table_iter_next (&iter, (gpointer *) &node, (gpointer *) &names))
    {
      if (channels_redis_ring_find (node, self->connections->len) == host)
        made = push_to_node (turn, push, node, names, score, error);
    }

  channels_redis_push_end (push);
  return made;
}

/* Sends to the nodes of a group's members, if they are known. */
static gboolean
push_to_group (ChannelsRedisTurn *turn, GError **error)
{
  ChannelsRedisQueues *self = turn->owner;
  gint64 score = take_scores (self, turn->events->len);
  g_autoptr (GHashTable) nodes = NULL;
  gboolean pushed = TRUE;

  if (turn->members == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&turn->error));
      return FALSE;
    }

  nodes = group_by_node (self, turn->members);
  for (guint i = 0; i < self->connections->len && pushed; i++)
    pushed = push_to_host (turn, i, nodes, score, error);

  return pushed;
}

static gboolean
push_to_channel (ChannelsRedisTurn *turn, GError **error)
{
  ChannelsRedisQueues *self = turn->owner;
  g_autofree char *node = dup_node_part (turn->channel);
  g_autofree char *queue = g_strconcat (self->settings->prefix, node, NULL);
  GVariant *name =
      strchr (turn->channel, '!') != NULL ? g_variant_new_string (turn->channel) : NULL;
  g_autoptr (GBytes) message =
      channels_redis_message_new (self->settings, g_ptr_array_index (turn->events, 0), name, error);
  ChannelsRedisPush *push;

  if (message == NULL)
    return FALSE;

  push = begin_push (turn, choose_host (self, turn->channel, node));
  channels_redis_push_add (push, queue,
                           channels_redis_settings_get_capacity (self->settings, turn->channel),
                           take_scores (self, 1), 0, message);
  channels_redis_push_end (push);
  return TRUE;
}

/* Has Redis make the messages of the members' nodes. */
static void
send_simply (ChannelsRedisQueues *self,
             const char *group,
             ChannelsEvent *event,
             ChannelsRedisSend *send)
{
  g_autoptr (GError) error = NULL;
  GBytes *map = channels_event_get_msgpack (event, &error);

  if (map != NULL)
    channels_redis_batches_add (self->batches, group, map, send);
  else
    channels_redis_send_end_part (send, 0, error);
}

static void
send_turn_simply (ChannelsRedisTurn *turn)
{
  for (guint i = 0; i < turn->events->len; i++)
    {
      ChannelsRedisSend *send = g_ptr_array_index (turn->sends, i);

      channels_redis_send_begin_part (send);
      send_simply (turn->owner, turn->group, g_ptr_array_index (turn->events, i), send);
    }
}

/* Whether what was sent to groups by their script has gone: what is next comes behind it. */
static gboolean
is_flushed (ChannelsRedisQueues *self)
{
  return self->batches == NULL || channels_redis_batches_flush (self->batches);
}

static gboolean
is_ready (const ChannelsRedisTurn *turn)
{
  ChannelsRedisQueues *self = turn->owner;

  if (turn->channel != NULL)
    return is_flushed (self);

  return self->batches != NULL || turn->members != NULL || turn->error != NULL;
}

/* Sends what is ready, up to the first that is not. Whoever calls this has a send that has not
 * ended, which keeps the layer. */
static void
go_on (gpointer user_data)
{
  ChannelsRedisQueues *self = user_data;
  ChannelsRedisTurn *turn;

  while ((turn = channels_redis_line_peek (&self->line)) != NULL && is_ready (turn))
    {
      g_autoptr (GError) error = NULL;

      channels_redis_line_take (&self->line);
      if (turn->channel != NULL)
        push_to_channel (turn, &error);
      else if (self->batches != NULL)
        send_turn_simply (turn);
      else
        push_to_group (turn, &error);
      channels_redis_turn_end (turn, error);
    }

  if (self->stopping)
    is_flushed (self);
}

static void
members_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ChannelsRedisTurn *turn = user_data;
  ChannelsRedisQueues *self = turn->owner;
  ChannelsRedisSend *send = g_ptr_array_index (turn->sends, 0);

  turn->members = channels_redis_connection_command_finish (CHANNELS_REDIS_CONNECTION (source),
                                                            result, &turn->error);

  channels_redis_send_begin_part (send);
  go_on (self);
  channels_redis_send_end_part (send, 0, NULL);
}

static ChannelsRedisConnection *
begin_group (const char *group,
             guint n_payloads,
             const char *deaf,
             GByteArray *payloads,
             ChannelsRedisWords *words,
             gpointer user_data)
{
  ChannelsRedisQueues *self = user_data;
  g_autofree char *key = channels_redis_settings_get_group_key (self->settings, group);
  g_autofree char *score = g_strdup_printf ("%" G_GINT64_FORMAT, take_scores (self, n_payloads));
  const guint32 salt[] = { g_random_int (), g_random_int (), 0 };

  channels_redis_script_begin (&self->group, words, 1);
  channels_redis_words_add (words, key);
  channels_redis_words_add_too_old (words, "(", self->settings->group_expiry);
  channels_redis_words_add (words, self->settings->prefix);
  channels_redis_words_add (words, self->settings->node_prefix);
  channels_redis_words_add_uint (words, self->settings->expiry);
  channels_redis_words_add_too_old (words, "", self->settings->expiry);
  channels_redis_words_add_uint (words, self->settings->capacity);
  channels_redis_words_add (words, score);
  channels_redis_words_add (words, deaf);
  g_byte_array_append (payloads, (const guint8 *) salt, sizeof salt);
  channels_redis_bundle_begin_in_queue (payloads, group, n_payloads);

  return g_ptr_array_index (self->connections, 0);
}

static void
ask_for_members (ChannelsRedisTurn *turn)
{
  ChannelsRedisQueues *self = turn->owner;
  guint host = channels_redis_ring_find (turn->group, self->connections->len);
  g_autofree char *key = channels_redis_settings_get_group_key (self->settings, turn->group);
  g_auto (ChannelsRedisWords) words = { NULL };

  channels_redis_words_init (&words, "ZRANGEBYSCORE");
  channels_redis_words_add (&words, key);
  channels_redis_words_add_too_old (&words, "(", self->settings->group_expiry);
  channels_redis_words_add (&words, "+inf");
  channels_redis_words_send (&words, g_ptr_array_index (self->connections, host), members_cb, turn);
}

/* Nobody joins the turns that are open any more. */
static void
close_turns (ChannelsRedisQueues *self)
{
  GHashTableIter iter;
  ChannelsRedisTurn *turn;

  g_hash_table_iter_init (&iter, self->line.open);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &turn))
    {
      g_hash_table_iter_remove (&iter);
      if (self->batches == NULL)
        ask_for_members (turn);
    }
}

static gboolean
on_close (gpointer user_data)
{
  close_turns (user_data);

  return G_SOURCE_CONTINUE;
}

/* Asks for the members before the loop sleeps, where they are asked for, and makes the messages of
 * their nodes when they are here. */
static void
stand_in_line (ChannelsRedisQueues *self,
               const char *group,
               ChannelsEvent *event,
               ChannelsRedisSend *send)
{
  ChannelsRedisTurn *turn = channels_redis_line_join_for_group (&self->line, group, event, send);

  if (turn == NULL)
    return;

  turn->owner = self;
  if (self->batches != NULL)
    return;

  if (!channels_redis_line_is_open (&self->line, turn))
    ask_for_members (turn);
  else if (turn->events->len == 1)
    g_source_set_ready_time (self->close, 0);
}

/**
 * channels_redis_queues_send_to_group:
 * @self: the queues
 * @group: a group's name
 * @event: the event
 * @send: (transfer full): told how that ended
 *
 * Puts an event into the queue of each node that has members in @group, but our own. A queue that
 * is full goes without.
 */
void
channels_redis_queues_send_to_group (ChannelsRedisQueues *self,
                                     const char *group,
                                     ChannelsEvent *event,
                                     ChannelsRedisSend *send)
{
  if (self->batches != NULL && channels_redis_line_peek (&self->line) == NULL)
    send_simply (self, group, event, send);
  else
    stand_in_line (self, group, event, send);
}

/**
 * channels_redis_queues_flush:
 * @self: the queues of a layer that stops
 *
 * Hands over to the connections what was sent to groups and waits here still, now or with the next
 * answer.
 */
void
channels_redis_queues_flush (ChannelsRedisQueues *self)
{
  self->stopping = TRUE;
  close_turns (self);
  is_flushed (self);
}

/**
 * channels_redis_queues_send_to_channel:
 * @self: the queues
 * @channel: a channel's name, not of this node
 * @event: the event
 * @send: (transfer full): told how that ended; it fails with `CHANNELS_ERROR_CHANNEL_FULL` where
 * the queue holds no more
 *
 * Puts an event into the queue that has @channel. Whether anybody empties it cannot be known.
 */
void
channels_redis_queues_send_to_channel (ChannelsRedisQueues *self,
                                       const char *channel,
                                       ChannelsEvent *event,
                                       ChannelsRedisSend *send)
{
  ChannelsRedisTurn *turn;

  close_turns (self);
  turn = channels_redis_line_join_for_channel (&self->line, channel, event, send);
  if (turn == NULL)
    return;

  turn->owner = self;
  channels_redis_send_begin_part (send);
  go_on (self);
  channels_redis_send_end_part (send, 0, NULL);
}
