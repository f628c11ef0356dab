/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-bus-service.h"

#include "channels-bus-calls.h"
#include "channels-bus-check.h"
#include "channels-bus-error.h"
#include "channels-bus-gate.h"
#include "channels-bus-list.h"
#include "channels-bus-peer.h"
#include "channels-bus-send.h"
#include "channels-dbus.h"
#include "channels-error.h"
#include "channels-names.h"
#include "channels-secret.h"

#include <string.h>

/* Calls of one caller that may wait: more than the bus lets it have under way. */
#define WAITING_MAX 65536

/**
 * ChannelsBusService:
 *
 * The object that desktop apps call: the door to the hub by D-Bus.
 *
 * A handler checks its arguments and queues; it waits for nothing, so a caller cannot hold up
 * another, and each call is answered exactly once. Sizes are checked before anything is made of an
 * argument; a message of up to 128 MiB, D-Bus's own limit, has been read by then, but comes no
 * further: see channels_bus_gate_add().
 */
struct _ChannelsBusService
{
  GObject parent_instance;

  ChannelsHub *hub; /* (owned) */
  ChannelsLimits limits;
  ChannelsDBusChannels *skeleton; /* (owned) */
  GDBusConnection *connection;    /* (owned) (nullable): `NULL` while not exported */
  guint gate;                     /* of the connection; 0 while not exported */
  GHashTable *peers;              /* (element-type utf8 ChannelsBusPeer) (owned): by unique name */
  ChannelsTicketMinter minter;    /* (nullable) */
  gpointer minter_data;           /* (unowned) */
  ChannelsReloadFunc reload;      /* (nullable) */
  gpointer reload_data;           /* (unowned) */
  ChannelsBusCalls *calls;        /* (owned) */
};

G_DEFINE_FINAL_TYPE (ChannelsBusService, channels_bus_service, G_TYPE_OBJECT)

/* Before each handler, whose arguments and skeleton follow: they are nothing to us. */
static gboolean
on_skeleton_call (ChannelsBusService *self, GDBusMethodInvocation *invocation)
{
  return channels_bus_calls_add (self->calls, invocation) ? G_DBUS_METHOD_INVOCATION_UNHANDLED
                                                          : G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* Whether @group is a name; the caller is told where it is none. */
static gboolean
check_group (GDBusMethodInvocation *invocation, const char *group)
{
  GError *error = NULL;

  if (channels_group_name_validate (group, &error))
    return TRUE;

  g_dbus_method_invocation_take_error (invocation, error);
  return FALSE;
}

static gboolean
on_skeleton_send_to_group (ChannelsBusService *self,
                           GDBusMethodInvocation *invocation,
                           const char *group,
                           const char *message)
{
  channels_bus_send_text (self->hub, &self->limits, invocation, group, message);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_skeleton_send_event_to_group (ChannelsBusService *self,
                                 GDBusMethodInvocation *invocation,
                                 const char *group,
                                 GVariant *dictionary)
{
  channels_bus_send_event (self->hub, &self->limits, invocation, group, dictionary);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_skeleton_send_many (ChannelsBusService *self,
                       GDBusMethodInvocation *invocation,
                       GVariant *messages)
{
  channels_bus_send_many (self->calls, self->hub, &self->limits, invocation, messages);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_skeleton_send_to_channel (ChannelsBusService *self,
                             GDBusMethodInvocation *invocation,
                             const char *channel,
                             GVariant *dictionary)
{
  channels_bus_send_to_channel (self->hub, &self->limits, invocation, channel, dictionary);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
drop_peer (ChannelsBusService *self, ChannelsBusPeer *peer)
{
  channels_bus_peer_close (peer);
  g_hash_table_remove (self->peers, channels_bus_peer_get_name (peer));
  channels_bus_calls_touch (self->calls);
}

static void
on_peer_done (ChannelsBusService *self, ChannelsBusPeer *peer)
{
  drop_peer (self, peer);
}

static ChannelsBusPeer *
ensure_peer (ChannelsBusService *self, const char *name)
{
  ChannelsBusPeer *peer = g_hash_table_lookup (self->peers, name);

  if (peer != NULL)
    return peer;

  peer = channels_bus_peer_new (self->hub, self->connection, name);
  g_signal_connect_object (peer, "done", G_CALLBACK (on_peer_done), self, G_CONNECT_SWAPPED);
  g_hash_table_insert (self->peers, g_strdup (name), peer);

  return peer;
}

static gboolean
on_skeleton_subscribe (ChannelsBusService *self,
                       GDBusMethodInvocation *invocation,
                       const char *group)
{
  GError *error = NULL;
  ChannelsBusPeer *peer;

  if (!check_group (invocation, group))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  peer = ensure_peer (self, g_dbus_method_invocation_get_sender (invocation));
  if (channels_bus_peer_join (peer, group,
                              (guint) self->limits.value[CHANNELS_LIMIT_GROUPS_PER_PEER], &error))
    channels_dbus_channels_complete_subscribe (self->skeleton, invocation);
  else
    g_dbus_method_invocation_take_error (invocation, error);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_skeleton_unsubscribe (ChannelsBusService *self,
                         GDBusMethodInvocation *invocation,
                         const char *group)
{
  ChannelsBusPeer *peer;

  if (!check_group (invocation, group))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  peer = g_hash_table_lookup (self->peers, g_dbus_method_invocation_get_sender (invocation));
  if (peer != NULL)
    {
      channels_bus_peer_leave (peer, group);
      if (channels_bus_peer_is_done (peer))
        drop_peer (self, peer);
    }

  channels_dbus_channels_complete_unsubscribe (self->skeleton, invocation);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_skeleton_list_groups (ChannelsBusService *self, GDBusMethodInvocation *invocation)
{
  channels_dbus_channels_complete_list_groups (self->skeleton, invocation,
                                               channels_bus_list_groups (self->hub));

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_skeleton_list_statistics (ChannelsBusService *self, GDBusMethodInvocation *invocation)
{
  channels_dbus_channels_complete_list_statistics (self->skeleton, invocation,
                                                   channels_bus_list_statistics (self->hub));

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_skeleton_list_members (ChannelsBusService *self,
                          GDBusMethodInvocation *invocation,
                          const char *group)
{
  if (check_group (invocation, group))
    channels_dbus_channels_complete_list_members (self->skeleton, invocation,
                                                  channels_bus_list_members (self->hub, group));

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_skeleton_disconnect (ChannelsBusService *self,
                        GDBusMethodInvocation *invocation,
                        const char *channel,
                        guint code,
                        const char *reason)
{
  GError *error = NULL;

  if (channels_channel_name_validate (channel, &error) &&
      channels_bus_check_close (code, reason, &error) &&
      channels_hub_disconnect (self->hub, channel, (guint16) code, reason, &error))
    channels_dbus_channels_complete_disconnect (self->skeleton, invocation);
  else
    g_dbus_method_invocation_take_error (invocation, error);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
check_minter (ChannelsBusService *self, GError **error)
{
  if (self->minter == NULL)
    {
      g_set_error_literal (error, CHANNELS_ERROR, CHANNELS_ERROR_NOT_ALLOWED,
                           "there is no server to mint a ticket for");
      return FALSE;
    }

  return TRUE;
}

static gboolean
on_skeleton_mint_ticket (ChannelsBusService *self,
                         GDBusMethodInvocation *invocation,
                         const char *const *groups,
                         const char *origin,
                         guint seconds)
{
  g_autoptr (ChannelsSecret) ticket = NULL;
  g_autoptr (ChannelsSecret) url = NULL;
  GError *error = NULL;

  if (channels_bus_check_ticket (groups, origin, &error) && check_minter (self, &error))
    ticket = self->minter (g_dbus_method_invocation_get_sender (invocation), groups, origin,
                           seconds, &url, self->minter_data, &error);

  if (ticket != NULL)
    channels_dbus_channels_complete_mint_ticket (self->skeleton, invocation, ticket, url);
  else
    g_dbus_method_invocation_take_error (invocation, error);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_skeleton_reload (ChannelsBusService *self, GDBusMethodInvocation *invocation)
{
  if (self->reload != NULL)
    self->reload (invocation, self->reload_data);
  else
    g_dbus_method_invocation_return_error_literal (invocation, CHANNELS_ERROR,
                                                   CHANNELS_ERROR_NOT_ALLOWED,
                                                   "there is no configuration to read");

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static const struct
{
  const char *signal;
  GCallback callback;
} handlers[] = {
  { "handle-send-to-group", G_CALLBACK (on_skeleton_send_to_group) },
  { "handle-send-event-to-group", G_CALLBACK (on_skeleton_send_event_to_group) },
  { "handle-send-many", G_CALLBACK (on_skeleton_send_many) },
  { "handle-send-to-channel", G_CALLBACK (on_skeleton_send_to_channel) },
  { "handle-subscribe", G_CALLBACK (on_skeleton_subscribe) },
  { "handle-unsubscribe", G_CALLBACK (on_skeleton_unsubscribe) },
  { "handle-list-groups", G_CALLBACK (on_skeleton_list_groups) },
  { "handle-list-statistics", G_CALLBACK (on_skeleton_list_statistics) },
  { "handle-list-members", G_CALLBACK (on_skeleton_list_members) },
  { "handle-disconnect", G_CALLBACK (on_skeleton_disconnect) },
  { "handle-mint-ticket", G_CALLBACK (on_skeleton_mint_ticket) },
  { "handle-reload", G_CALLBACK (on_skeleton_reload) },
};

static void
on_layer_state_changed (ChannelsBusService *self, ChannelsLayer *layer)
{
  gboolean up = channels_layer_get_state (layer) == CHANNELS_LAYER_STATE_UP;

  channels_dbus_channels_set_layer_state (self->skeleton, up ? "up" : "down");
}

static void
channels_bus_service_dispose (GObject *object)
{
  ChannelsBusService *self = CHANNELS_BUS_SERVICE (object);

  channels_bus_service_unexport (self);
  g_clear_object (&self->skeleton);
  g_clear_object (&self->hub);
  self->minter = NULL;
  self->reload = NULL;

  G_OBJECT_CLASS (channels_bus_service_parent_class)->dispose (object);
}

static void
channels_bus_service_finalize (GObject *object)
{
  ChannelsBusService *self = CHANNELS_BUS_SERVICE (object);

  g_hash_table_unref (self->peers);
  channels_bus_calls_unref (self->calls);

  G_OBJECT_CLASS (channels_bus_service_parent_class)->finalize (object);
}

static void
channels_bus_service_class_init (ChannelsBusServiceClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = channels_bus_service_dispose;
  object_class->finalize = channels_bus_service_finalize;

  channels_bus_error_register ();
}

static void
channels_bus_service_init (ChannelsBusService *self)
{
  self->peers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->skeleton = channels_dbus_channels_skeleton_new ();
  self->calls = channels_bus_calls_new (WAITING_MAX);
  for (gsize i = 0; i < G_N_ELEMENTS (handlers); i++)
    {
      g_signal_connect_object (self->skeleton, handlers[i].signal, G_CALLBACK (on_skeleton_call),
                               self, G_CONNECT_SWAPPED);
      g_signal_connect_object (self->skeleton, handlers[i].signal, handlers[i].callback, self,
                               G_CONNECT_SWAPPED);
    }
}

/**
 * channels_bus_service_new:
 * @hub: the node
 * @limits: the bounds; copied
 *
 * Returns: (transfer full): a service that is not on a bus yet
 */
ChannelsBusService *
channels_bus_service_new (ChannelsHub *hub, const ChannelsLimits *limits)
{
  ChannelsBusService *self;

  g_return_val_if_fail (CHANNELS_IS_HUB (hub), NULL);
  g_return_val_if_fail (limits != NULL, NULL);

  self = g_object_new (CHANNELS_TYPE_BUS_SERVICE, NULL);
  self->hub = g_object_ref (hub);
  self->limits = *limits;

  channels_dbus_channels_set_version (self->skeleton, PACKAGE_VERSION);
  channels_bus_service_set_urls (self, "", "");
  channels_bus_service_take_layer (self);

  return self;
}

/**
 * channels_bus_service_take_layer:
 * @self: a service
 *
 * The hub has another layer: shows its name and its state, and what becomes of it.
 */
void
channels_bus_service_take_layer (ChannelsBusService *self)
{
  ChannelsLayer *layer;

  g_return_if_fail (CHANNELS_IS_BUS_SERVICE (self));

  layer = channels_hub_get_layer (self->hub);
  channels_dbus_channels_set_layer (self->skeleton, channels_layer_get_name (layer));
  g_signal_connect_object (layer, "state-changed", G_CALLBACK (on_layer_state_changed), self,
                           G_CONNECT_SWAPPED);
  on_layer_state_changed (self, layer);
}

/**
 * channels_bus_service_set_limits:
 * @self: a service
 * @limits: the bounds; copied
 *
 * Has other bounds from now on. Who is in more groups than it could be now stays in them.
 */
void
channels_bus_service_set_limits (ChannelsBusService *self, const ChannelsLimits *limits)
{
  guint gate;

  g_return_if_fail (CHANNELS_IS_BUS_SERVICE (self));
  g_return_if_fail (limits != NULL);

  self->limits = *limits;
  if (self->connection == NULL)
    return;

  /* There is no moment without one. */
  gate = channels_bus_gate_add (self->connection, limits->value[CHANNELS_LIMIT_EVENT_SIZE]);
  g_dbus_connection_remove_filter (self->connection, self->gate);
  self->gate = gate;
}

/**
 * channels_bus_service_get_last_used:
 * @self: a service
 *
 * Returns: when a call last came or was answered, or the last subscriber left, in µs of the
 * monotonic clock; `G_MAXINT64` while there are subscribers, or calls without an answer
 */
gint64
channels_bus_service_get_last_used (ChannelsBusService *self)
{
  g_return_val_if_fail (CHANNELS_IS_BUS_SERVICE (self), 0);

  return g_hash_table_size (self->peers) == 0 ? channels_bus_calls_get_last (self->calls)
                                              : G_MAXINT64;
}

/**
 * channels_bus_service_refuse:
 * @self: a service
 * @error: why; copied
 *
 * Answers every call with @error from now on: there is nobody to serve it.
 */
void
channels_bus_service_refuse (ChannelsBusService *self, const GError *error)
{
  g_return_if_fail (CHANNELS_IS_BUS_SERVICE (self));
  g_return_if_fail (error != NULL);

  channels_bus_calls_refuse (self->calls, error);
}

/**
 * channels_bus_service_set_reload_func:
 * @self: a service
 * @reload: (nullable) (scope forever): answers Reload; `NULL`: who asks is refused
 * @user_data: (closure): passed to @reload; it must live as long as @reload is set
 *
 * Says who reads the configuration.
 */
void
channels_bus_service_set_reload_func (ChannelsBusService *self,
                                      ChannelsReloadFunc reload,
                                      gpointer user_data)
{
  g_return_if_fail (CHANNELS_IS_BUS_SERVICE (self));

  self->reload = reload;
  self->reload_data = user_data;
}

/**
 * channels_bus_service_set_ticket_minter:
 * @self: a service
 * @minter: (nullable) (scope forever): mints tickets; `NULL`: nobody does, and who asks is refused
 * @user_data: (closure): passed to @minter; it must live as long as @minter is set
 *
 * Says who mints tickets.
 */
void
channels_bus_service_set_ticket_minter (ChannelsBusService *self,
                                        ChannelsTicketMinter minter,
                                        gpointer user_data)
{
  g_return_if_fail (CHANNELS_IS_BUS_SERVICE (self));

  self->minter = minter;
  self->minter_data = user_data;
}

/**
 * channels_bus_service_set_urls:
 * @self: a service
 * @url: the page's URL; empty while no address is listened on
 * @websocket_url: the URL that leads to the default group; empty where none does
 *
 * Sets the properties `Url` and `WebSocketUrl`.
 */
void
channels_bus_service_set_urls (ChannelsBusService *self, const char *url, const char *websocket_url)
{
  g_return_if_fail (CHANNELS_IS_BUS_SERVICE (self));
  g_return_if_fail (url != NULL && websocket_url != NULL);

  channels_dbus_channels_set_url (self->skeleton, url);
  channels_dbus_channels_set_web_socket_url (self->skeleton, websocket_url);
}

/**
 * channels_bus_service_set_connections:
 * @self: a service
 * @connections: how many WebSocket connections there are now
 *
 * Sets the property `Connections`. Changes within one turn of the main loop are signalled as one.
 */
void
channels_bus_service_set_connections (ChannelsBusService *self, guint connections)
{
  g_return_if_fail (CHANNELS_IS_BUS_SERVICE (self));

  channels_dbus_channels_set_connections (self->skeleton, connections);
}

/**
 * channels_bus_service_export:
 * @self: a service that is not exported
 * @connection: a connection to a message bus
 * @error: return location for a `GError`, or `NULL`
 *
 * Shows the object on @connection; to own a name there is the caller's business. Fails where
 * @connection is closed, or has such an object already, and leaves @self as it was.
 *
 * Returns: `TRUE` if it can be called now, `FALSE` with @error set otherwise
 */
gboolean
channels_bus_service_export (ChannelsBusService *self, GDBusConnection *connection, GError **error)
{
  g_return_val_if_fail (CHANNELS_IS_BUS_SERVICE (self), FALSE);
  g_return_val_if_fail (G_IS_DBUS_CONNECTION (connection), FALSE);
  g_return_val_if_fail (self->connection == NULL, FALSE);

  if (!g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (self->skeleton), connection,
                                         CHANNELS_OBJECT_PATH, error))
    return FALSE;

  self->connection = g_object_ref (connection);
  self->gate = channels_bus_gate_add (connection, self->limits.value[CHANNELS_LIMIT_EVENT_SIZE]);

  return TRUE;
}

/**
 * channels_bus_service_unexport:
 * @self: a service
 *
 * Takes the object off the bus; all who subscribed leave their groups. What was being sent is
 * answered all the same. If it is not exported, nothing happens.
 */
void
channels_bus_service_unexport (ChannelsBusService *self)
{
  GHashTableIter iter;
  ChannelsBusPeer *peer;

  g_return_if_fail (CHANNELS_IS_BUS_SERVICE (self));

  if (self->connection == NULL)
    return;

  channels_bus_calls_finish (self->calls);
  g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (self->skeleton));

  g_hash_table_iter_init (&iter, self->peers);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &peer))
    {
      channels_bus_peer_close (peer);
      g_hash_table_iter_remove (&iter);
    }

  g_dbus_connection_remove_filter (self->connection, self->gate);
  self->gate = 0;
  g_clear_object (&self->connection);
}
