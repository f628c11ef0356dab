/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "channels-event.h"

G_BEGIN_DECLS

/**
 * ChannelsLayerState:
 * @CHANNELS_LAYER_STATE_UP: what is sent reaches the other nodes
 * @CHANNELS_LAYER_STATE_DOWN: it does not, for now
 */
typedef enum
{
  CHANNELS_LAYER_STATE_UP,
  CHANNELS_LAYER_STATE_DOWN,
} ChannelsLayerState;

#define CHANNELS_TYPE_LAYER (channels_layer_get_type ())
G_DECLARE_INTERFACE (ChannelsLayer, channels_layer, CHANNELS, LAYER, GObject)

/**
 * ChannelsLayerInterface:
 * @get_name: the backend's name, as the configuration has it
 * @get_state: whether it works now
 * @is_alone: (nullable): whether there is no other node, ever; `NULL`: there may be some
 * @join: this node wants what is sent to `group`, from now on and through every outage
 * @leave: it no longer does
 * @set_held: (nullable): it is to bring nothing more, for now, where that can wait; `NULL`: nothing
 * can
 * @send_to_group: carries an event to the other nodes that joined `group`
 * @send_to_channel: carries an event to the node that has `channel`, which is not this one
 * @send_finish: how many other nodes it was handed to
 * @stop: leaves all groups and lets go of what it holds
 * @stop_finish: whether that went well
 *
 * What carries events between nodes. What it hears from others it tells by its signals
 * #ChannelsLayer::group-event and #ChannelsLayer::channel-event; a change of state by
 * #ChannelsLayer::state-changed.
 */
struct _ChannelsLayerInterface
{
  GTypeInterface parent_iface;

  const char *(*get_name) (ChannelsLayer *self);
  ChannelsLayerState (*get_state) (ChannelsLayer *self);
  gboolean (*is_alone) (ChannelsLayer *self);
  void (*join) (ChannelsLayer *self, const char *group);
  void (*leave) (ChannelsLayer *self, const char *group);
  void (*set_held) (ChannelsLayer *self, gboolean held);
  void (*send_to_group) (ChannelsLayer *self,
                         const char *group,
                         ChannelsEvent *event,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
  void (*send_to_channel) (ChannelsLayer *self,
                           const char *channel,
                           ChannelsEvent *event,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);
  gboolean (*send_finish) (ChannelsLayer *self,
                           GAsyncResult *result,
                           guint *out_remotes,
                           GError **error);
  void (*stop) (ChannelsLayer *self,
                GCancellable *cancellable,
                GAsyncReadyCallback callback,
                gpointer user_data);
  gboolean (*stop_finish) (ChannelsLayer *self, GAsyncResult *result, GError **error);
};

const char *channels_layer_get_name (ChannelsLayer *self);

ChannelsLayerState channels_layer_get_state (ChannelsLayer *self);

gboolean channels_layer_is_alone (ChannelsLayer *self);

void channels_layer_join (ChannelsLayer *self, const char *group);

void channels_layer_leave (ChannelsLayer *self, const char *group);

void channels_layer_set_held (ChannelsLayer *self, gboolean held);

void channels_layer_send_to_group (ChannelsLayer *self,
                                   const char *group,
                                   ChannelsEvent *event,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);

void channels_layer_send_to_channel (ChannelsLayer *self,
                                     const char *channel,
                                     ChannelsEvent *event,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);

gboolean channels_layer_send_finish (ChannelsLayer *self,
                                     GAsyncResult *result,
                                     guint *out_remotes,
                                     GError **error);

void channels_layer_stop (ChannelsLayer *self,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data);

gboolean channels_layer_stop_finish (ChannelsLayer *self, GAsyncResult *result, GError **error);

void channels_layer_emit_group_event (ChannelsLayer *self, const char *group, ChannelsEvent *event);

void
channels_layer_emit_channel_event (ChannelsLayer *self, const char *channel, ChannelsEvent *event);

void channels_layer_emit_state_changed (ChannelsLayer *self);

G_END_DECLS
