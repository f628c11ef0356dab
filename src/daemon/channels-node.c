/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-node.h"

#include "channels-backend.h"
#include "channels-discovery.h"
#include "channels-names.h"
#include "channels-parting.h"
#include "channels-secret.h"
#include "channels-tickets.h"

#include <stdio.h>

/**
 * ChannelsNode:
 *
 * One node: the hub, the layer, the server and the object on the bus, built from a configuration,
 * changed to another one, and taken apart.
 *
 * A change keeps every member. What a layer was given when it was made cannot be changed: it is
 * left, and another one joins all groups. Two at once would be one node twice, whose queues and
 * memberships have the same names; so in between, for as long as leaving and joining take, other
 * nodes are away, as in an outage of Redis.
 */
struct _ChannelsNode
{
  GObject parent_instance;

  ChannelsConfig *config;      /* (owned) */
  ChannelsIdentity *identity;  /* (unowned): which node this is */
  ChannelsHub *hub;            /* (owned) */
  ChannelsServer *server;      /* (owned) */
  ChannelsBusService *service; /* (owned) */
  gboolean adopted;            /* it listens at sockets that were handed over */
  gint64 last_used;            /* µs, monotonic: of what the others do not remember */
  GTask *change;               /* (owned) (nullable): while one layer is left for another */
  GTask *stop;                 /* (owned) (nullable): while it stops */
};

G_DEFINE_FINAL_TYPE (ChannelsNode, channels_node, G_TYPE_OBJECT)

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
emit_changed (ChannelsNode *self)
{
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
on_connections (ChannelsServer *server, GParamSpec *pspec, ChannelsNode *self)
{
  channels_bus_service_set_connections (self->service, channels_server_get_connections (server));
  self->last_used = MAX (self->last_used, g_get_monotonic_time ());
  emit_changed (self);
}

/* A ticket that is not spent yet is somebody who is about to come. */
static char *
mint_ticket (const char *owner,
             const char *const *groups,
             const char *origin,
             guint seconds,
             char **out_url,
             gpointer user_data,
             GError **error)
{
  ChannelsNode *self = user_data;
  char *ticket =
      channels_server_mint_ticket (self->server, owner, groups, origin, seconds, out_url, error);
  gint64 lifetime = seconds != 0 ? seconds : CHANNELS_TICKET_SECONDS_DEFAULT;

  if (ticket != NULL)
    self->last_used =
        MAX (self->last_used, g_get_monotonic_time () + lifetime * G_TIME_SPAN_SECOND);

  return ticket;
}

static void
watch_layer (ChannelsNode *self)
{
  g_signal_connect_object (channels_hub_get_layer (self->hub), "state-changed",
                           G_CALLBACK (emit_changed), self, G_CONNECT_SWAPPED);
}

static void
channels_node_dispose (GObject *object)
{
  ChannelsNode *self = CHANNELS_NODE (object);

  if (self->server != NULL)
    g_signal_handlers_disconnect_by_data (self->server, self);
  g_clear_object (&self->service);
  g_clear_object (&self->server);
  g_clear_object (&self->hub);
  g_clear_pointer (&self->config, channels_config_unref);

  G_OBJECT_CLASS (channels_node_parent_class)->dispose (object);
}

static void
channels_node_class_init (ChannelsNodeClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = channels_node_dispose;

  /**
   * ChannelsNode::changed:
   * @self: a node
   *
   * What channels_node_describe() says may be something else now, or the configuration is another.
   */
  signals[CHANGED] = g_signal_new ("changed", CHANNELS_TYPE_NODE, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 0);
}

static void
channels_node_init (ChannelsNode *self)
{
  self->last_used = g_get_monotonic_time ();
}

static ChannelsGuard *
make_guard (const ChannelsConfig *config, GError **error)
{
  const char *const *hosts = channels_config_get_allowed_hosts (config);
  const char *const *origins = channels_config_get_allowed_origins (config);
  g_autoptr (ChannelsGuard) guard = channels_guard_new ();

  for (guint i = 0; hosts[i] != NULL; i++)
    {
      if (!channels_guard_add_host (guard, hosts[i], error))
        return NULL;
    }
  for (guint i = 0; origins[i] != NULL; i++)
    {
      if (!channels_guard_add_origin (guard, origins[i], error))
        return NULL;
    }

  return g_steal_pointer (&guard);
}

/**
 * channels_node_new:
 * @config: the configuration
 * @layer: what carries events to other nodes
 * @identity: which node this is, as @layer was told; outlives the node
 * @error: return location for a `GError`, or `NULL`
 *
 * Makes a node that listens nowhere yet. Fails as channels_server_new() does.
 *
 * Returns: (transfer full): a node, or `NULL` with @error set
 */
ChannelsNode *
channels_node_new (ChannelsConfig *config,
                   ChannelsLayer *layer,
                   ChannelsIdentity *identity,
                   GError **error)
{
  g_autoptr (ChannelsNode) self = g_object_new (CHANNELS_TYPE_NODE, NULL);
  ChannelsGuard *guard = make_guard (config, error);

  if (guard == NULL)
    return NULL;

  self->config = channels_config_ref (config);
  self->identity = identity;
  self->hub = channels_hub_new (layer, channels_identity_get_prefix (identity));
  self->server = channels_server_new (self->hub, channels_config_get_limits (config),
                                      channels_config_get_router (config), guard,
                                      channels_config_get_allow_other_users (config), error);
  if (self->server == NULL)
    return NULL;

  self->service = channels_bus_service_new (self->hub, channels_config_get_limits (config));
  channels_bus_service_set_ticket_minter (self->service, mint_ticket, self);
  g_signal_connect (self->server, "notify::connections", G_CALLBACK (on_connections), self);
  watch_layer (self);

  return g_steal_pointer (&self);
}

/**
 * channels_node_get_config:
 * @self: a node
 *
 * Returns: (transfer none): its configuration
 */
ChannelsConfig *
channels_node_get_config (ChannelsNode *self)
{
  return self->config;
}

/**
 * channels_node_get_hub:
 * @self: a node
 *
 * Returns: (transfer none): who is in which group
 */
ChannelsHub *
channels_node_get_hub (ChannelsNode *self)
{
  return self->hub;
}

/**
 * channels_node_get_server:
 * @self: a node
 *
 * Returns: (transfer none): the browsers' side
 */
ChannelsServer *
channels_node_get_server (ChannelsNode *self)
{
  return self->server;
}

/**
 * channels_node_get_service:
 * @self: a node
 *
 * Returns: (transfer none): the object for the bus
 */
ChannelsBusService *
channels_node_get_service (ChannelsNode *self)
{
  return self->service;
}

/* The URLs of the path to the default group; none where no route leads there. */
static char **
get_websocket_urls (ChannelsNode *self)
{
  g_autofree char *path =
      channels_router_find_path (channels_config_get_router (self->config), CHANNELS_DEFAULT_GROUP);

  return path != NULL ? channels_server_get_urls (self->server, "ws", path) : NULL;
}

static void
show_urls (ChannelsNode *self)
{
  g_auto (GStrv) urls = channels_server_get_urls (self->server, "http", "/");
  g_auto (GStrv) websocket_urls = get_websocket_urls (self);

  if (urls[0] != NULL)
    channels_bus_service_set_urls (self->service, urls[0],
                                   websocket_urls != NULL ? websocket_urls[0] : "");
}

static gboolean
adopt_all (ChannelsNode *self, GPtrArray *sockets, GError **error)
{
  for (guint i = 0; i < sockets->len; i++)
    {
      if (!channels_door_adopt (channels_server_get_door (self->server),
                                g_ptr_array_index (sockets, i), error))
        {
          g_prefix_error (error, "cannot listen on socket %u of those handed over: ", i + 1);
          return FALSE;
        }
    }

  return TRUE;
}

/* Whether one of the two addresses that lead from a loopback address to us is among @urls. */
static gboolean
has_url (char **urls, const char *loopback, const char *every, guint16 port)
{
  g_autofree char *one = g_strdup_printf ("http://%s:%u", loopback, port);
  g_autofree char *other = g_strdup_printf ("http://%s:%u", every, port);

  return g_strv_contains ((const char *const *) urls, one) ||
         g_strv_contains ((const char *const *) urls, other);
}

/* A browser takes `localhost` for either loopback address. Where the other one is not ours, it is
 * for whoever comes first. */
static void
tell_of_half_a_localhost (ChannelsNode *self)
{
  g_auto (GStrv) urls = channels_server_get_urls (self->server, "http", "");

  for (guint i = 0; i < channels_config_get_n_listen (self->config); i++)
    {
      guint16 port = channels_config_get_listen (self->config, i)->port;
      gboolean by_ipv4 = has_url (urls, "127.0.0.1", "0.0.0.0", port);
      gboolean by_ipv6 = has_url (urls, "[::1]", "[::]", port);

      if (by_ipv4 != by_ipv6)
        g_message ("not listening on %s, port %u: who does may pass for http://localhost:%u",
                   by_ipv4 ? "::1" : "127.0.0.1", port, port);
    }
}

static gboolean
listen_everywhere (ChannelsNode *self, GError **error)
{
  for (guint i = 0; i < channels_config_get_n_listen (self->config); i++)
    {
      const ChannelsConfigListen *where = channels_config_get_listen (self->config, i);
      g_autoptr (GError) reason = NULL;

      if (channels_server_listen (self->server, where->address, where->port, &reason))
        continue;

      if (where->optional && !g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
        {
          g_message ("not listening on %s: %s", where->address, reason->message);
          continue;
        }

      g_set_error (error, reason->domain, reason->code, "cannot listen on %s, port %u: %s",
                   where->address, where->port, reason->message);
      return FALSE;
    }

  tell_of_half_a_localhost (self);
  return TRUE;
}

/**
 * channels_node_listen:
 * @self: a node
 * @sockets: (element-type GSocket): those that were handed over
 * @error: return location for a `GError`, or `NULL`
 *
 * Listens at @sockets, or, where there are none, at the addresses of the configuration. Fails as
 * channels_door_adopt() and channels_server_listen() do.
 *
 * Returns: `TRUE` if it listens, `FALSE` with @error set otherwise
 */
gboolean
channels_node_listen (ChannelsNode *self, GPtrArray *sockets, GError **error)
{
  self->adopted = sockets->len > 0;
  if (self->adopted ? !adopt_all (self, sockets, error) : !listen_everywhere (self, error))
    return FALSE;

  show_urls (self);
  channels_identity_keep (self->identity);
  return TRUE;
}

/**
 * channels_node_print_urls:
 * @self: a node that listens
 *
 * Prints a line for each address.
 */
void
channels_node_print_urls (ChannelsNode *self)
{
  g_auto (GStrv) urls = channels_server_get_urls (self->server, "http", "/");
  g_auto (GStrv) websocket_urls = get_websocket_urls (self);

  for (guint i = 0; urls[i] != NULL; i++)
    {
      if (websocket_urls != NULL)
        g_print ("Listening on %s (WebSocket: %s)\n", urls[i], websocket_urls[i]);
      else
        g_print ("Listening on %s\n", urls[i]);
    }
  fflush (stdout);
}

static void
count_group (const char *group, guint size, gpointer user_data)
{
  ++*(guint *) user_data;
}

/**
 * channels_node_describe:
 * @self: a node
 *
 * Returns: (transfer full): what it has to do, in one line
 */
char *
channels_node_describe (ChannelsNode *self)
{
  ChannelsLayer *layer = channels_hub_get_layer (self->hub);
  guint connections = channels_server_get_connections (self->server);
  guint groups = 0;

  channels_hub_list_groups (self->hub, count_group, &groups);

  return g_strdup_printf (
      "%u %s, %u %s, layer %s is %s", connections, connections == 1 ? "connection" : "connections",
      groups, groups == 1 ? "group" : "groups", channels_layer_get_name (layer),
      channels_layer_get_state (layer) == CHANNELS_LAYER_STATE_UP ? "up" : "down");
}

/**
 * channels_node_get_last_used:
 * @self: a node
 *
 * Returns: when somebody last needed it, in µs of the monotonic clock; `G_MAXINT64` while somebody
 * does: there is a connection, a subscriber, a call without an answer, or a change under way
 */
gint64
channels_node_get_last_used (ChannelsNode *self)
{
  gint64 by_browsers = channels_server_get_last_used (self->server);
  gint64 by_bus = channels_bus_service_get_last_used (self->service);

  if (self->change != NULL || self->last_used > g_get_monotonic_time ())
    return G_MAXINT64;

  return MAX (self->last_used, MAX (by_browsers, by_bus));
}

static void stop_layer (ChannelsNode *self);

/* The layer is left: the next one. Its settings were checked with the configuration. */
static void
on_layer_left (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChannelsNode) self = user_data;
  g_autoptr (GTask) task = g_steal_pointer (&self->change);
  g_autoptr (ChannelsLayer) layer = NULL;
  g_autofree char *directory = NULL;
  g_autoptr (ChannelsSecret) name = channels_config_name_layer (self->config);
  GError *error = NULL;

  if (!channels_parting_finish (result, &error))
    g_message ("the layer was not left in an orderly way: %s", error->message);
  g_clear_error (&error);
  channels_identity_retire (self->identity);

  if (channels_config_get_layer (self->config)->backend == CHANNELS_CONFIG_BACKEND_REDIS)
    directory = channels_discovery_get_directory ();
  channels_identity_move (self->identity, directory, name);
  channels_identity_keep (self->identity);

  layer = channels_backend_new (self->config, self->identity, &error);
  if (layer == NULL)
    g_task_return_error (task, error);
  else
    {
      channels_hub_set_layer (self->hub, layer);
      channels_bus_service_take_layer (self->service);
      watch_layer (self);
      emit_changed (self);
      g_task_return_boolean (task, TRUE);
    }

  if (self->stop != NULL)
    stop_layer (self);
}

/**
 * channels_node_change:
 * @self: a node that does not change already
 * @config: another configuration
 * @callback: (scope async): called when @config holds
 * @user_data: (closure): passed to @callback
 *
 * Goes by another configuration, and drops nobody. Where that fails, nothing has changed.
 */
void
channels_node_change (ChannelsNode *self,
                      ChannelsConfig *config,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  const ChannelsLimits *limits = channels_config_get_limits (config);
  g_autoptr (ChannelsConfig) before = NULL;
  ChannelsGuard *guard;
  GError *error = NULL;

  g_return_if_fail (self->change == NULL && self->stop == NULL);

  g_task_set_source_tag (task, channels_node_change);
  guard = make_guard (config, &error);
  if (guard == NULL ||
      !channels_server_change (self->server, limits, channels_config_get_router (config), guard,
                               channels_config_get_allow_other_users (config), &error))
    {
      g_task_return_error (task, error);
      return;
    }

  before = g_steal_pointer (&self->config);
  self->config = channels_config_ref (config);
  channels_bus_service_set_limits (self->service, limits);
  show_urls (self);
  if (!self->adopted && !channels_config_listens_as (config, before))
    g_message ("another Listen= holds from the next start on");
  emit_changed (self);

  if (channels_config_has_layer_of (config, before))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }

  self->change = g_steal_pointer (&task);
  channels_parting_begin (channels_hub_get_layer (self->hub), on_layer_left, g_object_ref (self));
}

/**
 * channels_node_change_finish:
 * @self: a node
 * @result: what the callback was given
 * @error: return location for a `GError`, or `NULL`
 *
 * Ends channels_node_change().
 *
 * Returns: `TRUE` if the other configuration holds, `FALSE` with @error set otherwise
 */
gboolean
channels_node_change_finish (ChannelsNode *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
on_layer_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChannelsNode) self = user_data;
  g_autoptr (GTask) task = g_steal_pointer (&self->stop);
  g_autoptr (GError) error = NULL;

  if (channels_parting_finish (result, &error))
    channels_identity_retire (self->identity);
  else
    g_warning ("the layer was not left in an orderly way: %s", error->message);

  channels_bus_service_unexport (self->service);
  g_task_return_boolean (task, TRUE);
}

static void
stop_layer (ChannelsNode *self)
{
  channels_parting_begin (channels_hub_get_layer (self->hub), on_layer_stopped,
                          g_object_ref (self));
}

static void
on_server_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChannelsNode) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!channels_server_stop_finish (CHANNELS_SERVER (source), result, &error))
    g_warning ("connections were cut off: %s", error->message);

  /* One that is being left already is followed by another one first. */
  if (self->change == NULL)
    stop_layer (self);
}

/**
 * channels_node_stop:
 * @self: a node that does not stop already
 * @callback: (scope async): called when it has
 * @user_data: (closure): passed to @callback
 *
 * Stops accepting, closes every WebSocket, leaves the layer and takes the object off the bus, in
 * less than two seconds.
 */
void
channels_node_stop (ChannelsNode *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (self->stop == NULL);

  self->stop = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (self->stop, channels_node_stop);
  channels_server_stop (self->server, NULL, on_server_stopped, g_object_ref (self));
}

/**
 * channels_node_stop_finish:
 * @self: a node
 * @result: what the callback was given
 *
 * Ends channels_node_stop(), which does not fail: what was not left in an orderly way is logged.
 */
void
channels_node_stop_finish (ChannelsNode *self, GAsyncResult *result)
{
  g_task_propagate_boolean (G_TASK (result), NULL);
}
