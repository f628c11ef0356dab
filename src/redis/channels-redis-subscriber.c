/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-subscriber.h"

#include "channels-redis-batches.h"
#include "channels-redis-bundle.h"
#include "channels-redis-retry.h"
#include "channels-redis-words.h"

#include <sched.h>
#include <string.h>

/* Channels of one command: more, and Redis would stop for others. */
#define BATCH 256

/* What the channel of bundles has more than the channel that it is beside. */
#define BUNDLES "!bundles"

/* Of %CHANNELS_REDIS_PAYLOADS_MAX. */
#define DIGITS_MAX 3
G_STATIC_ASSERT (CHANNELS_REDIS_PAYLOADS_MAX < 1000);

/**
 * ChannelsRedisSubscriber:
 *
 * What this node hears from one host, on a connection of its own: by a pattern all that is
 * published to a channel of this node, and the channels of groups.
 *
 * Redis brings back what we publish ourselves, and our members have had that. So the node has a
 * second channel for each, its *own* of it, which is subscribed to with the same command and so for
 * exactly as long. Whoever publishes says on the own one first how many events there will be,
 * within one script: Redis runs that as a whole, so what comes next on this connection are those,
 * and they are skipped; and how many heard the first tells whether this node is among those who
 * heard the others.
 *
 *     own of G │ 2              ┐
 *     G        │ our event      │ one script of ours
 *     G        │ our event      ┘ skipped
 *     G        │ another's event
 *
 * And it has a third, which is the same for all nodes of ours: that of *bundles*, subscribed to in
 * the same way. Where as many hear that as hear the group's there is nobody else, and events go
 * there alone, many in one message with the publisher's name (#ChannelsRedisBundle).
 */
struct _ChannelsRedisSubscriber
{
  GObject parent_instance;

  ChannelsRedisConnection *connection; /* (owned) */
  char *node_prefix;                   /* (owned) */
  GHashTable *channels;                /* (element-type utf8) (owned): without our own */
  char *skipped;    /* (owned) (nullable): the channel whose messages come next and are ours */
  guint n_skipped;  /* so many of them, at most %CHANNELS_REDIS_PAYLOADS_MAX */
  guint n_commands; /* under way that subscribe */
  gboolean failed;  /* one of them has, since the connection is up */
  gboolean ready;   /* what is published to any of the channels is heard */
  ChannelsRedisRetry retry;                  /* a user may lack the permission */
  const ChannelsRedisSubscriberFuncs *funcs; /* (unowned) (nullable): `NULL` once closed */
  gpointer user_data;                        /* (unowned) */
};

G_DEFINE_FINAL_TYPE (ChannelsRedisSubscriber, channels_redis_subscriber, G_TYPE_OBJECT)

/**
 * channels_redis_subscriber_get_own:
 * @channel: a channel of Redis, as it is given to channels_redis_subscriber_add()
 * @node_prefix: what the channels of a node begin with, up to and including the `!`
 *
 * Returns: (transfer full): the node's own channel beside it
 */
char *
channels_redis_subscriber_get_own (const char *channel, const char *node_prefix)
{
  return g_strdup_printf ("%s!%.*s", channel, (int) strlen (node_prefix) - 1, node_prefix);
}

/**
 * channels_redis_subscriber_get_bundles:
 * @channel: a channel of Redis, as it is given to channels_redis_subscriber_add()
 *
 * Returns: (transfer full): the channel beside it that has bundles
 */
char *
channels_redis_subscriber_get_bundles (const char *channel)
{
  return g_strconcat (channel, BUNDLES, NULL);
}

/* The channel that @name is our own of; `NULL` if it is none of our own. */
static char *
find_channel (ChannelsRedisSubscriber *self, const char *name)
{
  gsize length = strlen (self->node_prefix);
  gsize size = strlen (name);

  if (size <= length || name[size - length] != '!' ||
      strncmp (name + size - length + 1, self->node_prefix, length - 1) != 0)
    return NULL;

  return g_strndup (name, size - length);
}

/* What was under way when a channel was removed comes as well, and is nobody's. */
static void
hand_over (ChannelsRedisSubscriber *self, const char *channel, GBytes *payload)
{
  if (self->funcs != NULL && (g_hash_table_contains (self->channels, channel) ||
                              g_str_has_prefix (channel, self->node_prefix)))
    self->funcs->message (self, channel, payload, self->user_data);
}

/* Hands on what others sent. What is no bundle is no event either, and who has it will say so. */
static void
take_bundle (ChannelsRedisSubscriber *subscriber, const char *channel, GBytes *payload)
{
  g_autoptr (ChannelsRedisSubscriber) self = g_object_ref (subscriber);
  ChannelsRedisBundle bundle;
  g_autofree char *publisher = channels_redis_bundle_open (&bundle, payload, 0);
  GBytes *event;

  if (publisher == NULL)
    {
      hand_over (self, channel, payload);
      return;
    }
  if (g_str_equal (publisher, self->node_prefix))
    {
      sched_yield (); /* others on this core have to tell it somebody, we only skip it */
      return;
    }

  while ((event = channels_redis_bundle_next (&bundle)) != NULL)
    {
      hand_over (self, channel, event);
      g_bytes_unref (event);
    }
}

/* How many a marker announces. What is no number, or more than one script of ours publishes, is not
 * ours, and announces none. */
static guint
read_number (GBytes *payload)
{
  gsize size;
  const char *data = g_bytes_get_data (payload, &size);
  g_autofree char *text = g_strndup (data, MIN (size, DIGITS_MAX + 1));
  guint64 number = 0;

  g_ascii_string_to_unsigned (text, 10, 1, CHANNELS_REDIS_PAYLOADS_MAX, &number, NULL);

  return number;
}

static void
on_message (const char *name, GBytes *payload, gpointer user_data)
{
  ChannelsRedisSubscriber *self = user_data;

  if (self->n_skipped > 0 && g_strcmp0 (name, self->skipped) == 0)
    {
      self->n_skipped--;
      return;
    }

  g_free (self->skipped);
  self->skipped = find_channel (self, name);
  self->n_skipped = self->skipped != NULL ? read_number (payload) : 0;
  if (self->n_skipped > 0)
    {
      sched_yield ();
    }
  else if (g_str_has_suffix (name, BUNDLES))
    {
      g_autofree char *channel = g_strndup (name, strlen (name) - strlen (BUNDLES));

      take_bundle (self, channel, payload);
    }
  else
    {
      hand_over (self, name, payload);
    }
}

static void
set_ready (ChannelsRedisSubscriber *self, gboolean ready)
{
  if (self->ready == ready)
    return;

  self->ready = ready;
  if (self->funcs != NULL)
    self->funcs->changed (self->user_data);
}

static void
subscribed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChannelsRedisSubscriber) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisReply) reply =
      channels_redis_connection_command_finish (CHANNELS_REDIS_CONNECTION (source), result, &error);

  self->n_commands--;
  /* An outage needs nothing: all begins anew when the connection is up again. */
  if (!channels_redis_connection_is_up (self->connection) || self->retry.timer == NULL)
    return;

  if (reply == NULL)
    {
      channels_redis_retry_refused (&self->retry, "cannot subscribe", error);
      self->failed = TRUE;
    }
  else if (!self->failed && self->n_commands == 0)
    {
      channels_redis_retry_done (&self->retry);
    }
  if (self->failed || self->n_commands == 0)
    set_ready (self, !self->failed);
}

/* A channel and the two beside it. */
static void
add_channels (ChannelsRedisSubscriber *self, ChannelsRedisWords *words, const char *channel)
{
  g_autofree char *own = channels_redis_subscriber_get_own (channel, self->node_prefix);
  g_autofree char *bundles = channels_redis_subscriber_get_bundles (channel);

  channels_redis_words_add (words, channel);
  channels_redis_words_add (words, own);
  channels_redis_words_add (words, bundles);
}

static void
send_subscribe (ChannelsRedisSubscriber *self, const ChannelsRedisWords *words)
{
  self->n_commands++;
  channels_redis_words_send (words, self->connection, subscribed_cb, g_object_ref (self));
}

/* The commands that name all channels: (element-type ChannelsRedisWords). */
static GArray *
make_commands (ChannelsRedisSubscriber *self, const char *command)
{
  GArray *commands = g_array_new (FALSE, FALSE, sizeof (ChannelsRedisWords));
  GHashTableIter iter;
  const char *channel;
  guint n = 0;

  g_array_set_clear_func (commands, (GDestroyNotify) channels_redis_words_clear);
  g_hash_table_iter_init (&iter, self->channels);
  while (g_hash_table_iter_next (&iter, (gpointer *) &channel, NULL))
    {
      if (n++ % BATCH == 0)
        {
          g_array_set_size (commands, commands->len + 1);
          channels_redis_words_init (
              &g_array_index (commands, ChannelsRedisWords, commands->len - 1), command);
        }
      add_channels (self, &g_array_index (commands, ChannelsRedisWords, commands->len - 1),
                    channel);
    }

  return commands;
}

static char *
make_pattern (ChannelsRedisSubscriber *self)
{
  return g_strconcat (self->node_prefix, "*", NULL);
}

static void
subscribe_all (ChannelsRedisSubscriber *self)
{
  g_autofree char *pattern = make_pattern (self);
  g_autoptr (GArray) commands = make_commands (self, "SUBSCRIBE");
  g_auto (ChannelsRedisWords) words;

  self->failed = FALSE;
  channels_redis_words_init (&words, "PSUBSCRIBE");
  channels_redis_words_add (&words, pattern);
  send_subscribe (self, &words);

  for (guint i = 0; i < commands->len; i++)
    send_subscribe (self, &g_array_index (commands, ChannelsRedisWords, i));
}

static void
on_up (ChannelsRedisConnection *connection, ChannelsRedisSubscriber *self)
{
  g_clear_pointer (&self->skipped, g_free);
  self->n_skipped = 0;
  subscribe_all (self);
}

static void
on_down (ChannelsRedisConnection *connection, ChannelsRedisSubscriber *self)
{
  set_ready (self, FALSE);
}

static gboolean
on_retry (gpointer user_data)
{
  ChannelsRedisSubscriber *self = user_data;

  if (channels_redis_connection_is_up (self->connection))
    subscribe_all (self);

  return G_SOURCE_CONTINUE;
}

static void
channels_redis_subscriber_dispose (GObject *object)
{
  channels_redis_subscriber_close (CHANNELS_REDIS_SUBSCRIBER (object));

  G_OBJECT_CLASS (channels_redis_subscriber_parent_class)->dispose (object);
}

static void
channels_redis_subscriber_finalize (GObject *object)
{
  ChannelsRedisSubscriber *self = CHANNELS_REDIS_SUBSCRIBER (object);

  g_clear_object (&self->connection);
  g_hash_table_unref (self->channels);
  g_free (self->skipped);
  g_free (self->node_prefix);

  G_OBJECT_CLASS (channels_redis_subscriber_parent_class)->finalize (object);
}

static void
channels_redis_subscriber_class_init (ChannelsRedisSubscriberClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = channels_redis_subscriber_dispose;
  object_class->finalize = channels_redis_subscriber_finalize;
}

static void
channels_redis_subscriber_init (ChannelsRedisSubscriber *self)
{
  self->channels = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  channels_redis_retry_init (&self->retry, "[channels] redis subscribe again", on_retry, self);
}

/**
 * channels_redis_subscriber_new:
 * @address: the host
 * @node_prefix: what this node's channels begin with, up to and including the `!`
 * @funcs: (transfer none): a table that outlives the subscriber; called until
 * channels_redis_subscriber_close()
 * @user_data: (closure): passed to them
 *
 * Returns: (transfer full): a subscriber that begins when the thread's default context runs
 */
ChannelsRedisSubscriber *
channels_redis_subscriber_new (const ChannelsRedisAddress *address,
                               const char *node_prefix,
                               const ChannelsRedisSubscriberFuncs *funcs,
                               gpointer user_data)
{
  ChannelsRedisSubscriber *self = g_object_new (CHANNELS_TYPE_REDIS_SUBSCRIBER, NULL);

  self->node_prefix = g_strdup (node_prefix);
  self->funcs = funcs;
  self->user_data = user_data;
  self->connection =
      channels_redis_connection_new (address, CHANNELS_REDIS_CONNECTION_SUBSCRIBER, NULL);
  g_signal_connect (self->connection, "up", G_CALLBACK (on_up), self);
  g_signal_connect (self->connection, "down", G_CALLBACK (on_down), self);
  channels_redis_connection_set_message_func (self->connection, on_message, self);

  return self;
}

/**
 * channels_redis_subscriber_add:
 * @self: a subscriber
 * @channel: a channel of Redis that it has not
 *
 * Subscribes to a channel, now and after each outage.
 */
void
channels_redis_subscriber_add (ChannelsRedisSubscriber *self, const char *channel)
{
  g_auto (ChannelsRedisWords) words = { NULL };

  g_return_if_fail (!g_hash_table_contains (self->channels, channel));

  g_hash_table_add (self->channels, g_strdup (channel));
  if (!channels_redis_connection_is_up (self->connection))
    return;

  channels_redis_words_init (&words, "SUBSCRIBE");
  add_channels (self, &words, channel);
  send_subscribe (self, &words);
}

/**
 * channels_redis_subscriber_remove:
 * @self: a subscriber
 * @channel: a channel of Redis that it has
 *
 * Is subscribed to a channel no longer.
 */
void
channels_redis_subscriber_remove (ChannelsRedisSubscriber *self, const char *channel)
{
  g_auto (ChannelsRedisWords) words;

  channels_redis_words_init (&words, "UNSUBSCRIBE");
  add_channels (self, &words, channel);
  channels_redis_words_send (&words, self->connection, NULL, NULL);
  g_hash_table_remove (self->channels, channel);
}

/**
 * channels_redis_subscriber_set_held:
 * @self: a subscriber
 * @held: whether what is published is to wait with Redis
 */
void
channels_redis_subscriber_set_held (ChannelsRedisSubscriber *self, gboolean held)
{
  if (self->connection != NULL)
    channels_redis_connection_set_held (self->connection, held);
}

/**
 * channels_redis_subscriber_is_ready:
 * @self: a subscriber
 *
 * Returns: whether all that is published now is heard
 */
gboolean
channels_redis_subscriber_is_ready (ChannelsRedisSubscriber *self)
{
  g_return_val_if_fail (CHANNELS_IS_REDIS_SUBSCRIBER (self), FALSE);

  return self->ready;
}

/**
 * channels_redis_subscriber_leave:
 * @self: a subscriber
 * @farewell: told of the commands
 *
 * Is subscribed to nothing any more. Where the connection is away Redis has seen to that.
 */
void
channels_redis_subscriber_leave (ChannelsRedisSubscriber *self, ChannelsRedisFarewell *farewell)
{
  g_autofree char *pattern = make_pattern (self);
  g_autoptr (GArray) commands = make_commands (self, "UNSUBSCRIBE");
  g_auto (ChannelsRedisWords) words = { NULL };

  g_hash_table_remove_all (self->channels);
  if (!channels_redis_connection_is_up (self->connection))
    return;

  channels_redis_words_init (&words, "PUNSUBSCRIBE");
  channels_redis_words_add (&words, pattern);
  channels_redis_farewell_send (farewell, &words, self->connection);
  for (guint i = 0; i < commands->len; i++)
    channels_redis_farewell_send (farewell, &g_array_index (commands, ChannelsRedisWords, i),
                                  self->connection);
}

/**
 * channels_redis_subscriber_close:
 * @self: a subscriber
 *
 * Ends it for good: no function is called any more. To close twice is to close once.
 */
void
channels_redis_subscriber_close (ChannelsRedisSubscriber *self)
{
  g_return_if_fail (CHANNELS_IS_REDIS_SUBSCRIBER (self));

  self->funcs = NULL;
  channels_redis_retry_clear (&self->retry);
  if (self->connection != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->connection, self);
      channels_redis_connection_set_message_func (self->connection, NULL, NULL);
      channels_redis_connection_close (self->connection);
    }
}
