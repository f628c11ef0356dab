/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-layer.h"

#include "channels-layer-marshal.h"

G_DEFINE_INTERFACE (ChannelsLayer, channels_layer, G_TYPE_OBJECT)

enum
{
  GROUP_EVENT,
  CHANNEL_EVENT,
  STATE_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* A flood of events is handed over by code that was made for it: libffi's costs more than an event.
 */
static guint
add_event_signal (const char *name)
{
  guint id = g_signal_new (name, CHANNELS_TYPE_LAYER, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                           channels_layer_marshal_VOID__STRING_POINTER, G_TYPE_NONE, 2,
                           G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE, G_TYPE_POINTER);

  g_signal_set_va_marshaller (id, CHANNELS_TYPE_LAYER,
                              channels_layer_marshal_VOID__STRING_POINTERv);

  return id;
}

static void
channels_layer_default_init (ChannelsLayerInterface *iface)
{
  /**
   * ChannelsLayer::group-event:
   * @self: a layer
   * @group: the group it was sent to
   * @event: (type gpointer): a #ChannelsEvent
   *
   * Another node sent an event to a group that this node joined.
   */
  signals[GROUP_EVENT] = add_event_signal ("group-event");

  /**
   * ChannelsLayer::channel-event:
   * @self: a layer
   * @channel: the channel it was sent to
   * @event: (type gpointer): a #ChannelsEvent
   *
   * Another node sent an event to a channel of this node.
   */
  signals[CHANNEL_EVENT] = add_event_signal ("channel-event");

  /**
   * ChannelsLayer::state-changed:
   * @self: a layer
   *
   * It went up or down.
   */
  signals[STATE_CHANGED] = g_signal_new ("state-changed", CHANNELS_TYPE_LAYER, G_SIGNAL_RUN_LAST, 0,
                                         NULL, NULL, NULL, G_TYPE_NONE, 0);
}

/**
 * channels_layer_get_name:
 * @self: a layer
 *
 * Returns: (transfer none): the backend's name, as `Backend=` has it
 */
const char *
channels_layer_get_name (ChannelsLayer *self)
{
  return CHANNELS_LAYER_GET_IFACE (self)->get_name (self);
}

/**
 * channels_layer_get_state:
 * @self: a layer
 *
 * Returns: whether it works now
 */
ChannelsLayerState
channels_layer_get_state (ChannelsLayer *self)
{
  return CHANNELS_LAYER_GET_IFACE (self)->get_state (self);
}

/**
 * channels_layer_is_alone:
 * @self: a layer
 *
 * Returns: whether there is no other node, ever: who sends to a group need not wait to hear that it
 * was handed to none
 */
gboolean
channels_layer_is_alone (ChannelsLayer *self)
{
  ChannelsLayerInterface *iface = CHANNELS_LAYER_GET_IFACE (self);

  return iface->is_alone != NULL && iface->is_alone (self);
}

/**
 * channels_layer_join:
 * @self: a layer
 * @group: a group that this node is not in yet
 *
 * This node has its first member in @group: the layer is to bring what others send there. It does
 * so until channels_layer_leave(), through every outage; joining never fails.
 */
void
channels_layer_join (ChannelsLayer *self, const char *group)
{
  CHANNELS_LAYER_GET_IFACE (self)->join (self, group);
}

/**
 * channels_layer_leave:
 * @self: a layer
 * @group: a group that this node is in
 *
 * This node's last member has left @group.
 */
void
channels_layer_leave (ChannelsLayer *self, const char *group)
{
  CHANNELS_LAYER_GET_IFACE (self)->leave (self, group);
}

/**
 * channels_layer_set_held:
 * @self: a layer
 * @held: whether it is to wait
 *
 * Members here do not keep up: the layer leaves with others what they can keep until this is called
 * again, soon. It may bring all the same what is here already, and what would be lost.
 */
void
channels_layer_set_held (ChannelsLayer *self, gboolean held)
{
  ChannelsLayerInterface *iface = CHANNELS_LAYER_GET_IFACE (self);

  if (iface->set_held != NULL)
    iface->set_held (self, held);
}

/**
 * channels_layer_send_to_group:
 * @self: a layer
 * @group: a group, whether this node is in it or not
 * @event: the event
 * @cancellable: (nullable): stops the waiting, not the sending
 * @callback: (nullable) (scope async): called when the layer has handed it over
 * @user_data: (closure): passed to @callback
 *
 * Carries an event to the other nodes in a group. Events of one caller to one group keep their
 * order.
 */
void
channels_layer_send_to_group (ChannelsLayer *self,
                              const char *group,
                              ChannelsEvent *event,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  CHANNELS_LAYER_GET_IFACE (self)->send_to_group (self, group, event, cancellable, callback,
                                                  user_data);
}

/**
 * channels_layer_send_to_channel:
 * @self: a layer
 * @channel: a channel of another node
 * @event: the event
 * @cancellable: (nullable): stops the waiting, not the sending
 * @callback: (nullable) (scope async): called when the layer has handed it over
 * @user_data: (closure): passed to @callback
 *
 * Carries an event to the node that has a channel.
 */
void
channels_layer_send_to_channel (ChannelsLayer *self,
                                const char *channel,
                                ChannelsEvent *event,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  CHANNELS_LAYER_GET_IFACE (self)->send_to_channel (self, channel, event, cancellable, callback,
                                                    user_data);
}

/**
 * channels_layer_send_finish:
 * @self: a layer
 * @result: what the callback was given
 * @out_remotes: (out) (optional): how many other nodes it was handed to
 * @error: return location for a `GError`, or `NULL`
 *
 * Ends channels_layer_send_to_group() and channels_layer_send_to_channel(). Fails with
 * `CHANNELS_ERROR_LAYER_UNAVAILABLE` while the layer is down, and, for a channel, with
 * `CHANNELS_ERROR_NO_SUCH_CHANNEL` and `CHANNELS_ERROR_CHANNEL_FULL`.
 *
 * Returns: `TRUE` if it was handed over, `FALSE` with @error set otherwise
 */
gboolean
channels_layer_send_finish (ChannelsLayer *self,
                            GAsyncResult *result,
                            guint *out_remotes,
                            GError **error)
{
  return CHANNELS_LAYER_GET_IFACE (self)->send_finish (self, result, out_remotes, error);
}

/**
 * channels_layer_stop:
 * @self: a layer
 * @cancellable: (nullable): ends it at once, without leaving in an orderly way
 * @callback: (scope async): called when it has let go
 * @user_data: (closure): passed to @callback
 *
 * Leaves every group and lets go of whatever it holds. It is not used after that.
 */
void
channels_layer_stop (ChannelsLayer *self,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  CHANNELS_LAYER_GET_IFACE (self)->stop (self, cancellable, callback, user_data);
}

/**
 * channels_layer_stop_finish:
 * @self: a layer
 * @result: what the callback was given
 * @error: return location for a `GError`, or `NULL`
 *
 * Ends channels_layer_stop(). Fails with an error of the backend where other nodes may still think
 * that this one is in a group.
 *
 * Returns: `TRUE` if it left in an orderly way, `FALSE` with @error set otherwise
 */
gboolean
channels_layer_stop_finish (ChannelsLayer *self, GAsyncResult *result, GError **error)
{
  return CHANNELS_LAYER_GET_IFACE (self)->stop_finish (self, result, error);
}

/**
 * channels_layer_emit_group_event:
 * @self: a layer
 * @group: the group it was sent to
 * @event: the event
 *
 * Emits #ChannelsLayer::group-event: for implementations.
 */
void
channels_layer_emit_group_event (ChannelsLayer *self, const char *group, ChannelsEvent *event)
{
  g_signal_emit (self, signals[GROUP_EVENT], 0, group, event);
}

/**
 * channels_layer_emit_channel_event:
 * @self: a layer
 * @channel: the channel it was sent to
 * @event: the event
 *
 * Emits #ChannelsLayer::channel-event: for implementations.
 */
void
channels_layer_emit_channel_event (ChannelsLayer *self, const char *channel, ChannelsEvent *event)
{
  g_signal_emit (self, signals[CHANNEL_EVENT], 0, channel, event);
}

/**
 * channels_layer_emit_state_changed:
 * @self: a layer
 *
 * Emits #ChannelsLayer::state-changed: for implementations.
 */
void
channels_layer_emit_state_changed (ChannelsLayer *self)
{
  g_signal_emit (self, signals[STATE_CHANGED], 0);
}
