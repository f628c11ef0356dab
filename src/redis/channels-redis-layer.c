/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-layer.h"

#include "channels-msgpack.h"
#include "channels-redis-bundle.h"
#include "channels-redis-complaint.h"
#include "channels-redis-farewell.h"
#include "channels-redis-group.h"
#include "channels-redis-membership.h"
#include "channels-redis-queues.h"
#include "channels-redis-receiver.h"
#include "channels-redis-sweep.h"
#include "channels-redis-words.h"

/**
 * ChannelsRedisLayer:
 *
 * This node as an equal of those that have channels_redis' `RedisChannelLayer`: groups and queues
 * are sorted sets on one or more hosts, see #ChannelsRedisMembership for the one and
 * #ChannelsRedisQueues and #ChannelsRedisReceiver for the other.
 *
 * A host has two connections: one for commands, and one that waits at our queue. Senders hash some
 * names otherwise than others do, so we wait on every host. The layer is up while every host takes
 * commands, has all groups of this node, and its queue is waited at.
 *
 * Where a node of our name was there before and died, its queue is removed first
 * (#ChannelsRedisReceiver), and the groups that it was in are left (#ChannelsRedisSweep).
 */
struct _ChannelsRedisLayer
{
  GObject parent_instance;

  ChannelsRedisSettings *settings;     /* (owned) */
  GPtrArray *connections;              /* (element-type ChannelsRedisConnection) (owned) */
  GPtrArray *receivers;                /* (element-type ChannelsRedisReceiver) (owned) */
  GPtrArray *sweeps;                   /* (element-type ChannelsRedisSweep) (owned): may be none */
  ChannelsRedisMembership *membership; /* (owned) */
  ChannelsRedisQueues *queues;         /* (owned) */
  ChannelsRedisComplaint dropped;      /* messages that were none */
  gboolean up;
  gboolean stopped;                /* or stopping: it has left all groups, and joins none */
  ChannelsRedisFarewell *farewell; /* (owned) (nullable): while what was sent before goes out */
  guint n_settling;                /* hosts that have not answered yet that it has */
};

static void layer_iface_init (ChannelsLayerInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChannelsRedisLayer,
                               channels_redis_layer,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHANNELS_TYPE_LAYER, layer_iface_init))

static void
take_event (ChannelsRedisLayer *self, const char *channel, ChannelsEvent *event)
{
  g_autofree char *group =
      g_strdup (channels_redis_membership_find_group (self->membership, channel));

  if (group != NULL)
    channels_layer_emit_group_event (CHANNELS_LAYER (self), group, event);
  else if (channels_redis_group_is_stand_in (self->settings, channel))
    g_debug ("dropped an event for a group that was left");
  else if (g_str_has_prefix (channel, self->settings->node_prefix))
    channels_layer_emit_channel_event (CHANNELS_LAYER (self), channel, event);
}

static void
drop (ChannelsRedisLayer *self, const char *reason)
{
  if (channels_redis_complaint_is_due (&self->dropped))
    g_message ("%u messages from Redis were no events so far; the last: %s", self->dropped.n,
               reason);
}

static void
take_map (ChannelsRedisLayer *self, GBytes *map)
{
  g_auto (GStrv) channels = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsEvent) event =
      channels_event_new_addressed (g_bytes_get_data (map, NULL), g_bytes_get_size (map),
                                    CHANNELS_MSGPACK_DEPTH_MAX, &channels, &error);

  if (event == NULL)
    drop (self, error->message);
  for (guint i = 0; event != NULL && channels[i] != NULL; i++)
    take_event (self, channels[i], event);
}

/* Events of one of our nodes: the bundle has the name of the group that they are for. */
static void
take_bundle (ChannelsRedisLayer *self, GBytes *content)
{
  ChannelsRedisBundle bundle;
  g_autofree char *group =
      channels_redis_bundle_open (&bundle, content, CHANNELS_REDIS_BUNDLE_HEAD);
  GBytes *next;

  if (group == NULL)
    {
      drop (self, "it is no bundle of ours");
      return;
    }

  while ((next = channels_redis_bundle_next (&bundle)) != NULL)
    {
      g_autoptr (GBytes) map = next;
      g_autoptr (GError) error = NULL;
      g_autoptr (ChannelsEvent) event = channels_event_new_from_msgpack (
          g_bytes_get_data (map, NULL), g_bytes_get_size (map), CHANNELS_MSGPACK_DEPTH_MAX, &error);

      if (event == NULL)
        drop (self, error->message);
      else if (channels_redis_membership_has_group (self->membership, group))
        channels_layer_emit_group_event (CHANNELS_LAYER (self), group, event);
      else
        g_debug ("dropped an event for a group that was left");
    }
}

static void
on_received (GBytes *message, gpointer user_data)
{
  g_autoptr (ChannelsRedisLayer) self = g_object_ref (user_data);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) content = channels_redis_settings_open (self->settings, TRUE, message, &error);

  if (content == NULL)
    drop (self, error->message);
  else if (g_bytes_get_size (content) > 0 &&
           *(const guint8 *) g_bytes_get_data (content, NULL) == CHANNELS_REDIS_BUNDLE_MARK)
    take_bundle (self, content);
  else
    take_map (self, content);
}

static gboolean
is_host_up (ChannelsRedisLayer *self, guint host)
{
  return channels_redis_connection_is_up (g_ptr_array_index (self->connections, host)) &&
         channels_redis_membership_is_joined (self->membership, host) &&
         channels_redis_receiver_is_waiting (g_ptr_array_index (self->receivers, host));
}

static void
update_state (gpointer user_data)
{
  ChannelsRedisLayer *self = user_data;
  gboolean up = TRUE;

  for (guint i = 0; i < self->connections->len; i++)
    up = up && is_host_up (self, i);
  if (up == self->up)
    return;

  self->up = up;
  channels_layer_emit_state_changed (CHANNELS_LAYER (self));
}

static const ChannelsRedisReceiverFuncs receiver_funcs = {
  .message = on_received,
  .changed = update_state,
};

static void
on_connection_up (ChannelsRedisConnection *connection, ChannelsRedisLayer *self)
{
  guint host = 0;

  g_ptr_array_find (self->connections, connection, &host);
  channels_redis_queues_load (self->queues, connection);
  channels_redis_membership_join_again (self->membership, host);
  if (self->sweeps->len > 0)
    channels_redis_sweep_run (g_ptr_array_index (self->sweeps, host));
  update_state (self);
}

static void
on_connection_down (ChannelsRedisConnection *connection, ChannelsRedisLayer *self)
{
  guint host = 0;

  g_ptr_array_find (self->connections, connection, &host);
  channels_redis_membership_lose (self->membership, host);
  update_state (self);
}

static const char *
redis_layer_get_name (ChannelsLayer *layer)
{
  return "redis";
}

static ChannelsLayerState
redis_layer_get_state (ChannelsLayer *layer)
{
  ChannelsRedisLayer *self = CHANNELS_REDIS_LAYER (layer);

  return self->up ? CHANNELS_LAYER_STATE_UP : CHANNELS_LAYER_STATE_DOWN;
}

static void
redis_layer_join (ChannelsLayer *layer, const char *group)
{
  ChannelsRedisLayer *self = CHANNELS_REDIS_LAYER (layer);

  if (!self->stopped)
    channels_redis_membership_join (self->membership, group);
}

static void
redis_layer_leave (ChannelsLayer *layer, const char *group)
{
  ChannelsRedisLayer *self = CHANNELS_REDIS_LAYER (layer);

  if (!self->stopped)
    channels_redis_membership_leave (self->membership, group);
}

static void
redis_layer_send_to_group (ChannelsLayer *layer,
                           const char *group,
                           ChannelsEvent *event,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  channels_redis_queues_send_to_group (
      CHANNELS_REDIS_LAYER (layer)->queues, group, event,
      channels_redis_send_begin (layer, cancellable, callback, user_data));
}

static void
redis_layer_send_to_channel (ChannelsLayer *layer,
                             const char *channel,
                             ChannelsEvent *event,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  channels_redis_queues_send_to_channel (
      CHANNELS_REDIS_LAYER (layer)->queues, channel, event,
      channels_redis_send_begin (layer, cancellable, callback, user_data));
}

static void
close_receivers (ChannelsRedisLayer *self)
{
  for (guint i = 0; i < self->receivers->len; i++)
    channels_redis_receiver_close (g_ptr_array_index (self->receivers, i));
}

static void
close_all (ChannelsLayer *layer)
{
  ChannelsRedisLayer *self = CHANNELS_REDIS_LAYER (layer);

  close_receivers (self);
  for (guint i = 0; i < self->connections->len; i++)
    {
      g_signal_handlers_disconnect_by_data (g_ptr_array_index (self->connections, i), self);
      channels_redis_connection_close (g_ptr_array_index (self->connections, i));
    }
}

/* All that was sent before is with the connections, or has failed. */
static void
settled_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ChannelsRedisLayer *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisReply) reply =
      channels_redis_connection_command_finish (CHANNELS_REDIS_CONNECTION (source), result, &error);
  g_autofree char *queue = channels_redis_settings_get_queue (self->settings);
  g_auto (ChannelsRedisWords) words = { NULL };
  ChannelsRedisFarewell *farewell;

  if (reply == NULL)
    g_debug ("stops without knowing that all has gone out: %s", error->message);
  if (--self->n_settling > 0)
    return;

  channels_redis_words_init (&words, "DEL"); /* who has not seen us leave may have filled it */
  channels_redis_words_add (&words, queue);
  farewell = g_steal_pointer (&self->farewell);
  for (guint i = 0; i < self->connections->len; i++)
    channels_redis_farewell_send (farewell, &words, g_ptr_array_index (self->connections, i));
  channels_redis_farewell_end (farewell);
}

/* Where the members of a group are asked for first, the event follows when they are here: so each
 * host is asked for something behind that, and what is sent to it then goes behind the event. The
 * groups are left before that: a host that does not answer keeps us in none of another one. */
static void
settle (ChannelsRedisLayer *self)
{
  g_auto (ChannelsRedisWords) words;

  channels_redis_words_init (&words, "ECHO"); /* PING is refused where Redis cannot save */
  channels_redis_words_add (&words, "");
  self->n_settling = self->connections->len;
  for (guint i = 0; i < self->connections->len; i++)
    channels_redis_words_send (&words, g_ptr_array_index (self->connections, i), settled_cb, self);
}

static void
redis_layer_stop (ChannelsLayer *layer,
                  GCancellable *cancellable,
                  GAsyncReadyCallback callback,
                  gpointer user_data)
{
  ChannelsRedisLayer *self = CHANNELS_REDIS_LAYER (layer);

  g_return_if_fail (!self->stopped);

  self->stopped = TRUE;
  channels_redis_queues_flush (self->queues);
  close_receivers (self);
  self->farewell =
      channels_redis_farewell_begin (layer, close_all, cancellable, callback, user_data);
  for (guint i = 0; i < self->sweeps->len; i++)
    {
      if (!channels_redis_sweep_is_done (g_ptr_array_index (self->sweeps, i)))
        channels_redis_farewell_fail (self->farewell,
                                      "not all groups of the node that was killed have been "
                                      "looked at");
    }
  channels_redis_membership_leave_all (self->membership, self->farewell);
  settle (self);
}

static void
layer_iface_init (ChannelsLayerInterface *iface)
{
  iface->get_name = redis_layer_get_name;
  iface->get_state = redis_layer_get_state;
  iface->join = redis_layer_join;
  iface->leave = redis_layer_leave;
  iface->send_to_group = redis_layer_send_to_group;
  iface->send_to_channel = redis_layer_send_to_channel;
  iface->send_finish = channels_redis_send_finish;
  iface->stop = redis_layer_stop;
  iface->stop_finish = channels_redis_farewell_finish;
}

static void
channels_redis_layer_dispose (GObject *object)
{
  close_all (CHANNELS_LAYER (object));

  G_OBJECT_CLASS (channels_redis_layer_parent_class)->dispose (object);
}

static void
channels_redis_layer_finalize (GObject *object)
{
  ChannelsRedisLayer *self = CHANNELS_REDIS_LAYER (object);

  g_clear_pointer (&self->membership, channels_redis_membership_free);
  g_clear_pointer (&self->queues, channels_redis_queues_free);
  g_ptr_array_unref (self->sweeps);
  g_ptr_array_unref (self->receivers);
  g_ptr_array_unref (self->connections);
  g_clear_pointer (&self->settings, channels_redis_settings_free);

  G_OBJECT_CLASS (channels_redis_layer_parent_class)->finalize (object);
}

static void
channels_redis_layer_class_init (ChannelsRedisLayerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = channels_redis_layer_dispose;
  object_class->finalize = channels_redis_layer_finalize;
}

static void
channels_redis_layer_init (ChannelsRedisLayer *self)
{
  self->connections = g_ptr_array_new_with_free_func (g_object_unref);
  self->receivers = g_ptr_array_new_with_free_func (g_object_unref);
  self->sweeps = g_ptr_array_new_with_free_func ((GDestroyNotify) channels_redis_sweep_unref);
}

static void
add_host (ChannelsRedisLayer *self, const ChannelsRedisAddress *address, gboolean restarted)
{
  g_autofree char *queue = channels_redis_settings_get_queue (self->settings);
  ChannelsRedisConnection *connection =
      channels_redis_connection_new (address, CHANNELS_REDIS_CONNECTION_COMMANDS, NULL);

  g_signal_connect (connection, "up", G_CALLBACK (on_connection_up), self);
  g_signal_connect (connection, "down", G_CALLBACK (on_connection_down), self);
  g_ptr_array_add (self->connections, connection);
  g_ptr_array_add (self->receivers,
                   channels_redis_receiver_new (address, queue, restarted, &receiver_funcs, self));
}

/**
 * channels_redis_layer_new:
 * @settings: (transfer full): with one host or more
 * @restarted: whether a node of this name has been there before, and was killed
 *
 * Returns: (transfer full): a layer that is down, and goes up by itself
 */
ChannelsLayer *
channels_redis_layer_new (ChannelsRedisSettings *settings, gboolean restarted)
{
  ChannelsRedisLayer *self;

  g_return_val_if_fail (settings != NULL && settings->hosts->len > 0, NULL);

  self = g_object_new (CHANNELS_TYPE_REDIS_LAYER, NULL);
  self->settings = settings;
  for (guint i = 0; i < settings->hosts->len; i++)
    add_host (self, g_ptr_array_index (settings->hosts, i), restarted);
  self->membership =
      channels_redis_membership_new (settings, self->connections, update_state, self);
  for (guint i = 0; restarted && i < settings->hosts->len; i++)
    g_ptr_array_add (self->sweeps,
                     channels_redis_sweep_new (settings, self->membership,
                                               g_ptr_array_index (self->connections, i), i));
  self->queues = channels_redis_queues_new (settings, self->connections);

  return CHANNELS_LAYER (self);
}
