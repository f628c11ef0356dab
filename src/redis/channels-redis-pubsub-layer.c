/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-pubsub-layer.h"

#include "channels-error.h"
#include "channels-msgpack.h"
#include "channels-redis-batches.h"
#include "channels-redis-bundle.h"
#include "channels-redis-complaint.h"
#include "channels-redis-farewell.h"
#include "channels-redis-ring.h"
#include "channels-redis-script.h"
#include "channels-redis-send.h"
#include "channels-redis-subscriber.h"
#include "channels-redis-words.h"

#include <string.h>

/* ARGV: a group's channel; its channel of bundles and our own of it, see #ChannelsRedisSubscriber;
 * how many events, where they begin in the last, and a bundle of them. Where all that are
 * subscribed read bundles, it goes to them as it is: Lua takes its time for each byte of a string
 * that it makes; who watches by a pattern is not counted. Returns what #ChannelsRedisBatchesFunc
 * says. Where we hear our own we may publish to all of them: Redis has one permission for that. */
static const char publish_script[] =
    "local n, at, bundle, taken = tonumber(ARGV[4]), ARGV[5] + 1, ARGV[6], {}\n"
    "local heard = redis.pcall('PUBSUB', 'NUMSUB', ARGV[1], ARGV[2], ARGV[3])\n"
    "if not heard.err and heard[2] == heard[4] then\n"
    "  redis.call('PUBLISH', ARGV[2], bundle)\n"
    "  return {n, heard[4] - heard[6], {}, {}}\n"
    "end\n"
    "local own = redis.call('PUBLISH', ARGV[3], n)\n"
    "for i = 1, n do\n"
    "  local length = struct.unpack('>I4', bundle, at)\n"
    "  local event = string.sub(bundle, at + 4, at + 3 + length)\n"
    "  taken[i] = redis.call('PUBLISH', ARGV[1], event) - own\n"
    "  at = at + 4 + length\n"
    "end\n"
    "return {n, taken, {}, {}}";

/**
 * ChannelsRedisPubsubLayer:
 *
 * This node as an equal of those that have channels_redis' `RedisPubSubChannelLayer`: a group is a
 * channel of Redis, and so is each channel of a node. Nothing is kept in Redis: whoever is
 * subscribed when an event is published has it, and `PUBLISH` says how many those are.
 *
 * A host has two connections: one for commands, and one that is subscribed. The layer is up while
 * every host takes commands and every group of this node is subscribed to.
 *
 * Redis' channels are those of all its databases, and two hosts may be two of them: what is sent to
 * a channel of this node counts on the host that has its name, and nowhere else.
 */
struct _ChannelsRedisPubsubLayer
{
  GObject parent_instance;

  ChannelsRedisSettings *settings; /* (owned) */
  GPtrArray *connections;          /* (element-type ChannelsRedisConnection) (owned) */
  GPtrArray *subscribers;          /* (element-type ChannelsRedisSubscriber) (owned) */
  ChannelsRedisScript publish;
  ChannelsRedisBatches *batches;  /* (owned): what is sent to groups */
  char *group_head;               /* (owned): what the channel of a group begins with */
  ChannelsRedisComplaint dropped; /* messages that were none */
  gboolean up;
  gboolean stopped; /* or stopping: it has left all groups, and joins none */
};

static void layer_iface_init (ChannelsLayerInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChannelsRedisPubsubLayer,
                               channels_redis_pubsub_layer,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHANNELS_TYPE_LAYER, layer_iface_init))

/* A publication to one channel on its way. */
typedef struct
{
  ChannelsRedisSend *send; /* (owned) */
  char *channel;           /* (owned) */
} Publication;

static guint
find_host (ChannelsRedisPubsubLayer *self, const char *channel)
{
  return channels_redis_ring_find (channel, self->connections->len);
}

static void
on_published (ChannelsRedisSubscriber *subscriber,
              const char *channel,
              GBytes *payload,
              gpointer user_data)
{
  g_autoptr (ChannelsRedisPubsubLayer) self = g_object_ref (user_data);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) map = channels_redis_settings_open (self->settings, FALSE, payload, &error);
  g_autoptr (ChannelsEvent) event = NULL;

  if (map != NULL)
    event = channels_event_new_from_msgpack (g_bytes_get_data (map, NULL), g_bytes_get_size (map),
                                             CHANNELS_MSGPACK_DEPTH_MAX, &error);
  if (event == NULL)
    {
      if (channels_redis_complaint_is_due (&self->dropped))
        g_message ("%u messages from Redis were no events so far; the last: %s", self->dropped.n,
                   error->message);
      return;
    }

  if (g_str_has_prefix (channel, self->group_head))
    channels_layer_emit_group_event (CHANNELS_LAYER (self), channel + strlen (self->group_head),
                                     event);
  else if (g_ptr_array_index (self->subscribers, find_host (self, channel)) == subscriber)
    channels_layer_emit_channel_event (CHANNELS_LAYER (self), channel, event);
}

static void
update_state (gpointer user_data)
{
  ChannelsRedisPubsubLayer *self = user_data;
  gboolean up = TRUE;

  for (guint i = 0; i < self->connections->len; i++)
    up = up && channels_redis_connection_is_up (g_ptr_array_index (self->connections, i)) &&
         channels_redis_subscriber_is_ready (g_ptr_array_index (self->subscribers, i));
  if (up == self->up)
    return;

  self->up = up;
  channels_layer_emit_state_changed (CHANNELS_LAYER (self));
}

static const ChannelsRedisSubscriberFuncs subscriber_funcs = {
  .message = on_published,
  .changed = update_state,
};

static void
on_connection_up (ChannelsRedisConnection *connection, ChannelsRedisPubsubLayer *self)
{
  channels_redis_script_load (&self->publish, connection);
  update_state (self);
}

static void
on_connection_down (ChannelsRedisConnection *connection, ChannelsRedisPubsubLayer *self)
{
  update_state (self);
}

static const char *
pubsub_layer_get_name (ChannelsLayer *layer)
{
  return "redis-pubsub";
}

static ChannelsLayerState
pubsub_layer_get_state (ChannelsLayer *layer)
{
  ChannelsRedisPubsubLayer *self = CHANNELS_REDIS_PUBSUB_LAYER (layer);

  return self->up ? CHANNELS_LAYER_STATE_UP : CHANNELS_LAYER_STATE_DOWN;
}

static void
pubsub_layer_join (ChannelsLayer *layer, const char *group)
{
  ChannelsRedisPubsubLayer *self = CHANNELS_REDIS_PUBSUB_LAYER (layer);
  g_autofree char *channel = g_strconcat (self->group_head, group, NULL);

  if (!self->stopped)
    channels_redis_subscriber_add (g_ptr_array_index (self->subscribers, find_host (self, channel)),
                                   channel);
}

static void
pubsub_layer_leave (ChannelsLayer *layer, const char *group)
{
  ChannelsRedisPubsubLayer *self = CHANNELS_REDIS_PUBSUB_LAYER (layer);
  g_autofree char *channel = g_strconcat (self->group_head, group, NULL);

  if (!self->stopped)
    channels_redis_subscriber_remove (
        g_ptr_array_index (self->subscribers, find_host (self, channel)), channel);
}

/* What is published meanwhile waits with Redis, in our output buffer there: for as long as that is
 * within Redis' `client-output-buffer-limit pubsub` (32 MiB, or 8 MiB for a minute), beyond which
 * it ends the connection, and what waited is lost. */
static void
pubsub_layer_set_held (ChannelsLayer *layer, gboolean held)
{
  ChannelsRedisPubsubLayer *self = CHANNELS_REDIS_PUBSUB_LAYER (layer);

  /* One that stops reads on, or its last answers would not be read: what still comes is little. */
  for (guint i = 0; i < self->subscribers->len; i++)
    channels_redis_subscriber_set_held (g_ptr_array_index (self->subscribers, i),
                                        held && !self->stopped);
}

static void
published_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Publication *publication = user_data;
  g_autofree char *channel = publication->channel;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisReply) reply =
      channels_redis_connection_command_finish (CHANNELS_REDIS_CONNECTION (source), result, &error);
  guint remotes = 0;

  if (reply != NULL && reply->type == REDIS_REPLY_INTEGER)
    remotes = CLAMP (reply->integer, 0, 1);
  if (reply != NULL && remotes == 0)
    error = g_error_new (CHANNELS_ERROR, CHANNELS_ERROR_NO_SUCH_CHANNEL,
                         "nobody has the channel “%s”", channel);

  channels_redis_send_end_part (publication->send, remotes, error);
  g_free (publication);
}

/* What is published: `NULL`, and the send has ended, where there is no such thing. */
static GBytes *
make_payload (ChannelsRedisPubsubLayer *self, ChannelsEvent *event, ChannelsRedisSend *send)
{
  g_autoptr (GError) error = NULL;
  GBytes *map = channels_event_get_msgpack (event, &error);
  GBytes *payload = NULL;

  if (map != NULL)
    payload = channels_redis_settings_seal (self->settings, FALSE, map, &error);
  if (payload == NULL)
    channels_redis_send_end_part (send, 0, error);

  return payload;
}

static ChannelsRedisConnection *
begin_publish (const char *group,
               guint n_payloads,
               const char *deaf,
               GByteArray *payloads,
               ChannelsRedisWords *words,
               gpointer user_data)
{
  ChannelsRedisPubsubLayer *self = user_data;
  g_autofree char *channel = g_strconcat (self->group_head, group, NULL);
  g_autofree char *bundles = channels_redis_subscriber_get_bundles (channel);
  g_autofree char *own = channels_redis_subscriber_get_own (channel, self->settings->node_prefix);

  channels_redis_script_begin (&self->publish, words, 0);
  channels_redis_words_add (words, channel);
  channels_redis_words_add (words, bundles);
  channels_redis_words_add (words, own);
  channels_redis_bundle_begin (payloads, self->settings->node_prefix);

  return g_ptr_array_index (self->connections, find_host (self, channel));
}

static void
pubsub_layer_send_to_group (ChannelsLayer *layer,
                            const char *group,
                            ChannelsEvent *event,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  ChannelsRedisPubsubLayer *self = CHANNELS_REDIS_PUBSUB_LAYER (layer);
  ChannelsRedisSend *send = channels_redis_send_begin (layer, cancellable, callback, user_data);
  g_autoptr (GBytes) payload = make_payload (self, event, send);

  if (payload != NULL)
    channels_redis_batches_add (self->batches, group, payload, send);
}

static void
pubsub_layer_send_to_channel (ChannelsLayer *layer,
                              const char *channel,
                              ChannelsEvent *event,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  ChannelsRedisPubsubLayer *self = CHANNELS_REDIS_PUBSUB_LAYER (layer);
  ChannelsRedisSend *send = channels_redis_send_begin (layer, cancellable, callback, user_data);
  g_autoptr (GBytes) payload = make_payload (self, event, send);
  g_auto (ChannelsRedisWords) words = { NULL };
  Publication *publication;

  if (payload == NULL)
    return;

  channels_redis_batches_flush (self->batches); /* what was sent before it comes before it */

  publication = g_new0 (Publication, 1);
  publication->send = send;
  publication->channel = g_strdup (channel);
  channels_redis_words_init (&words, "PUBLISH");
  channels_redis_words_add (&words, channel);
  channels_redis_words_add_bytes (&words, payload);
  channels_redis_words_send (&words,
                             g_ptr_array_index (self->connections, find_host (self, channel)),
                             published_cb, publication);
}

static void
close_all (ChannelsLayer *layer)
{
  ChannelsRedisPubsubLayer *self = CHANNELS_REDIS_PUBSUB_LAYER (layer);

  for (guint i = 0; i < self->subscribers->len; i++)
    channels_redis_subscriber_close (g_ptr_array_index (self->subscribers, i));
  for (guint i = 0; i < self->connections->len; i++)
    {
      g_signal_handlers_disconnect_by_data (g_ptr_array_index (self->connections, i), self);
      channels_redis_connection_close (g_ptr_array_index (self->connections, i));
    }
}

static void
pubsub_layer_stop (ChannelsLayer *layer,
                   GCancellable *cancellable,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  ChannelsRedisPubsubLayer *self = CHANNELS_REDIS_PUBSUB_LAYER (layer);
  ChannelsRedisFarewell *farewell;
  g_auto (ChannelsRedisWords) words;

  g_return_if_fail (!self->stopped);

  self->stopped = TRUE;
  pubsub_layer_set_held (layer, FALSE);
  channels_redis_batches_flush (self->batches);
  farewell = channels_redis_farewell_begin (layer, close_all, cancellable, callback, user_data);
  for (guint i = 0; i < self->subscribers->len; i++)
    channels_redis_subscriber_leave (g_ptr_array_index (self->subscribers, i), farewell);

  /* When that is answered, all that was sent before has gone out. */
  channels_redis_words_init (&words, "ECHO"); /* PING is refused where Redis cannot save */
  channels_redis_words_add (&words, "");
  for (guint i = 0; i < self->connections->len; i++)
    {
      ChannelsRedisConnection *connection = g_ptr_array_index (self->connections, i);

      if (channels_redis_connection_is_up (connection))
        channels_redis_farewell_send (farewell, &words, connection);
    }
  channels_redis_farewell_end (farewell);
}

static void
layer_iface_init (ChannelsLayerInterface *iface)
{
  iface->get_name = pubsub_layer_get_name;
  iface->get_state = pubsub_layer_get_state;
  iface->join = pubsub_layer_join;
  iface->leave = pubsub_layer_leave;
  iface->set_held = pubsub_layer_set_held;
  iface->send_to_group = pubsub_layer_send_to_group;
  iface->send_to_channel = pubsub_layer_send_to_channel;
  iface->send_finish = channels_redis_send_finish;
  iface->stop = pubsub_layer_stop;
  iface->stop_finish = channels_redis_farewell_finish;
}

static void
channels_redis_pubsub_layer_dispose (GObject *object)
{
  close_all (CHANNELS_LAYER (object));

  G_OBJECT_CLASS (channels_redis_pubsub_layer_parent_class)->dispose (object);
}

static void
channels_redis_pubsub_layer_finalize (GObject *object)
{
  ChannelsRedisPubsubLayer *self = CHANNELS_REDIS_PUBSUB_LAYER (object);

  channels_redis_batches_free (self->batches);
  g_ptr_array_unref (self->subscribers);
  g_ptr_array_unref (self->connections);
  g_free (self->group_head);
  g_clear_pointer (&self->settings, channels_redis_settings_free);

  G_OBJECT_CLASS (channels_redis_pubsub_layer_parent_class)->finalize (object);
}

static void
channels_redis_pubsub_layer_class_init (ChannelsRedisPubsubLayerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = channels_redis_pubsub_layer_dispose;
  object_class->finalize = channels_redis_pubsub_layer_finalize;
}

static void
channels_redis_pubsub_layer_init (ChannelsRedisPubsubLayer *self)
{
  self->connections = g_ptr_array_new_with_free_func (g_object_unref);
  self->subscribers = g_ptr_array_new_with_free_func (g_object_unref);
  self->batches = channels_redis_batches_new (begin_publish, NULL, self, 0);
}

static void
add_host (ChannelsRedisPubsubLayer *self, const ChannelsRedisAddress *address)
{
  ChannelsRedisConnection *connection =
      channels_redis_connection_new (address, CHANNELS_REDIS_CONNECTION_COMMANDS, NULL);

  g_signal_connect (connection, "up", G_CALLBACK (on_connection_up), self);
  g_signal_connect (connection, "down", G_CALLBACK (on_connection_down), self);
  g_ptr_array_add (self->connections, connection);
  g_ptr_array_add (self->subscribers,
                   channels_redis_subscriber_new (address, self->settings->node_prefix,
                                                  &subscriber_funcs, self));
}

/**
 * channels_redis_pubsub_layer_new:
 * @settings: (transfer full): with one host or more; times and capacities mean nothing here
 *
 * Returns: (transfer full): a layer that is down, and goes up by itself
 */
ChannelsLayer *
channels_redis_pubsub_layer_new (ChannelsRedisSettings *settings)
{
  ChannelsRedisPubsubLayer *self;

  g_return_val_if_fail (settings != NULL && settings->hosts->len > 0, NULL);

  self = g_object_new (CHANNELS_TYPE_REDIS_PUBSUB_LAYER, NULL);
  self->settings = settings;
  channels_redis_script_init (&self->publish, publish_script);
  self->group_head = channels_redis_settings_get_group_channel (settings, "");
  for (guint i = 0; i < settings->hosts->len; i++)
    add_host (self, g_ptr_array_index (settings->hosts, i));

  return CHANNELS_LAYER (self);
}
