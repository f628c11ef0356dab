/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-application.h"

#include "channels-bus-service.h"
#include "channels-hub.h"
#include "channels-names.h"
#include "channels-server.h"

#include <glib-unix.h>
#include <stdio.h>

/* How long the layer may take to leave its groups: with the server's stop it stays below 2 s. */
#define LAYER_STOP_MS 400

/**
 * ChannelsApplication:
 *
 * One node: builds the hub, the server and the bus service from the configuration, puts them
 * together with the layer, and takes them apart again.
 *
 * GApplication claims the name on the session bus, so that there is one service a session; the
 * object is exported before the name is claimed, so that whoever sees the name finds it. The end of
 * the bus comes as SIGTERM, which GDBus raises, and is an orderly stop.
 */
struct _ChannelsApplication
{
  GApplication parent_instance;

  ChannelsConfig *config;      /* (owned) */
  ChannelsLayer *layer;        /* (owned) */
  ChannelsIdentity *identity;  /* (unowned): which node this is */
  ChannelsHub *hub;            /* (owned) */
  ChannelsServer *server;      /* (owned) (nullable): once it is built */
  ChannelsBusService *service; /* (owned) */
  GCancellable *stop_layer;    /* (owned): ends the layer's stop where it takes too long */
  guint stop_layer_id;         /* source; 0: none */
  guint signal_ids[2];         /* sources; 0: none */
  gboolean stopping;
  ChannelsExit exit;
};

G_DEFINE_FINAL_TYPE (ChannelsApplication, channels_application, G_TYPE_APPLICATION)

static void
on_layer_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChannelsApplication) self = user_data;
  g_autoptr (GError) error = NULL;

  if (channels_layer_stop_finish (CHANNELS_LAYER (source), result, &error))
    channels_identity_retire (self->identity);
  else
    g_warning ("the layer was not left in an orderly way: %s", error->message);

  g_clear_handle_id (&self->stop_layer_id, g_source_remove);
  channels_bus_service_unexport (self->service);
  g_application_quit (G_APPLICATION (self));
}

static void
on_stop_layer_timeout (gpointer user_data)
{
  ChannelsApplication *self = user_data;

  self->stop_layer_id = 0;
  g_cancellable_cancel (self->stop_layer);
}

static void
on_server_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ChannelsApplication *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!channels_server_stop_finish (CHANNELS_SERVER (source), result, &error))
    g_warning ("connections were cut off: %s", error->message);

  self->stop_layer_id = g_timeout_add_once (LAYER_STOP_MS, on_stop_layer_timeout, self);
  g_source_set_name_by_id (self->stop_layer_id, "[channels] layer's stop");
  channels_layer_stop (self->layer, self->stop_layer, on_layer_stopped, self);
}

static gboolean
on_signal (gpointer user_data)
{
  ChannelsApplication *self = user_data;

  if (!self->stopping)
    channels_server_stop (self->server, NULL, on_server_stopped, g_object_ref (self));
  self->stopping = TRUE;

  return G_SOURCE_CONTINUE;
}

static void
on_connections (ChannelsServer *server, GParamSpec *pspec, ChannelsApplication *self)
{
  channels_bus_service_set_connections (self->service, channels_server_get_connections (server));
}

static char *
mint_ticket (const char *owner,
             const char *const *groups,
             const char *origin,
             guint seconds,
             char **out_url,
             gpointer user_data,
             GError **error)
{
  return channels_server_mint_ticket (user_data, owner, groups, origin, seconds, out_url, error);
}

static gboolean
channels_application_dbus_register (GApplication *application,
                                    GDBusConnection *connection,
                                    const char *object_path,
                                    GError **error)
{
  ChannelsApplication *self = CHANNELS_APPLICATION (application);

  return channels_bus_service_export (self->service, connection, error);
}

static void
channels_application_dbus_unregister (GApplication *application,
                                      GDBusConnection *connection,
                                      const char *object_path)
{
  channels_bus_service_unexport (CHANNELS_APPLICATION (application)->service);
}

/* Nothing to do when it is activated: it is the bus's way to start us. */
static void
channels_application_activate (GApplication *application)
{
}

static void
channels_application_dispose (GObject *object)
{
  ChannelsApplication *self = CHANNELS_APPLICATION (object);

  for (guint i = 0; i < G_N_ELEMENTS (self->signal_ids); i++)
    g_clear_handle_id (&self->signal_ids[i], g_source_remove);
  g_clear_handle_id (&self->stop_layer_id, g_source_remove);
  if (self->server != NULL)
    g_signal_handlers_disconnect_by_data (self->server, self);
  g_clear_object (&self->service);
  g_clear_object (&self->server);
  g_clear_object (&self->hub);
  g_clear_object (&self->layer);
  g_clear_object (&self->stop_layer);
  g_clear_pointer (&self->config, channels_config_unref);

  G_OBJECT_CLASS (channels_application_parent_class)->dispose (object);
}

static void
channels_application_class_init (ChannelsApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = channels_application_dispose;
  application_class->activate = channels_application_activate;
  application_class->dbus_register = channels_application_dbus_register;
  application_class->dbus_unregister = channels_application_dbus_unregister;
}

static void
channels_application_init (ChannelsApplication *self)
{
  self->stop_layer = g_cancellable_new ();
}

/**
 * channels_application_new:
 * @config: the configuration
 * @layer: what carries events to other nodes
 * @identity: which node this is, as @layer was told; outlives the node
 * @use_bus: whether to claim the name on the session bus
 *
 * Returns: (transfer full): a node that does nothing yet
 */
ChannelsApplication *
channels_application_new (ChannelsConfig *config,
                          ChannelsLayer *layer,
                          ChannelsIdentity *identity,
                          gboolean use_bus)
{
  ChannelsApplication *self =
      g_object_new (CHANNELS_TYPE_APPLICATION, "application-id", use_bus ? CHANNELS_BUS_NAME : NULL,
                    "flags", G_APPLICATION_IS_SERVICE, NULL);

  self->config = channels_config_ref (config);
  self->layer = g_object_ref (layer);
  self->identity = identity;

  return self;
}

static gboolean
build_server (ChannelsApplication *self, GError **error)
{
  const char *const *hosts = channels_config_get_allowed_hosts (self->config);
  const char *const *origins = channels_config_get_allowed_origins (self->config);
  g_autoptr (ChannelsGuard) guard = channels_guard_new ();

  for (guint i = 0; hosts[i] != NULL; i++)
    {
      if (!channels_guard_add_host (guard, hosts[i], error))
        return FALSE;
    }
  for (guint i = 0; origins[i] != NULL; i++)
    {
      if (!channels_guard_add_origin (guard, origins[i], error))
        return FALSE;
    }

  self->server =
      channels_server_new (self->hub, channels_config_get_limits (self->config),
                           channels_config_get_router (self->config), g_steal_pointer (&guard),
                           channels_config_get_allow_other_users (self->config), error);

  return self->server != NULL;
}

static gboolean
build (ChannelsApplication *self, GError **error)
{
  self->hub = channels_hub_new (self->layer, channels_identity_get_prefix (self->identity));
  if (!build_server (self, error))
    return FALSE;

  self->service = channels_bus_service_new (self->hub, channels_config_get_limits (self->config));
  channels_bus_service_set_ticket_minter (self->service, mint_ticket, self->server);
  g_signal_connect (self->server, "notify::connections", G_CALLBACK (on_connections), self);

  return TRUE;
}

static gboolean
listen_everywhere (ChannelsApplication *self, GError **error)
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

  return TRUE;
}

static void
announce (ChannelsApplication *self)
{
  g_autofree char *path =
      channels_router_find_path (channels_config_get_router (self->config), CHANNELS_DEFAULT_GROUP);
  g_auto (GStrv) urls = channels_server_get_urls (self->server, "http", "/");
  g_auto (GStrv) websocket_urls = NULL;

  if (path != NULL)
    websocket_urls = channels_server_get_urls (self->server, "ws", path);

  for (guint i = 0; urls[i] != NULL; i++)
    {
      if (websocket_urls != NULL)
        g_print ("Listening on %s (WebSocket: %s)\n", urls[i], websocket_urls[i]);
      else
        g_print ("Listening on %s\n", urls[i]);
    }
  fflush (stdout);

  if (urls[0] != NULL)
    channels_bus_service_set_urls (self->service, urls[0],
                                   websocket_urls != NULL ? websocket_urls[0] : "");
}

static void
start (ChannelsApplication *self)
{
  GApplication *application = G_APPLICATION (self);

  channels_identity_keep (self->identity);
  if (g_application_get_application_id (application) != NULL &&
      g_application_get_dbus_connection (application) == NULL)
    g_warning ("there is no session bus: only browsers are served");

  self->signal_ids[0] = g_unix_signal_add (SIGTERM, on_signal, self);
  self->signal_ids[1] = g_unix_signal_add (SIGINT, on_signal, self);
  announce (self);
}

static ChannelsExit
fail (ChannelsExit exit, const char *message)
{
  g_printerr ("channelsd: %s\n", message);

  return exit;
}

static ChannelsExit
fail_to_register (GError *error)
{
  g_dbus_error_strip_remote_error (error);

  /* How GApplication says that somebody else has the name. */
  if (!g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_FAILED))
    return fail (CHANNELS_EXIT_FAILURE, error->message);

  g_prefix_error (&error, "another channelsd runs in this session: ");
  return fail (CHANNELS_EXIT_RUNNING, error->message);
}

/**
 * channels_application_serve:
 * @self: a node
 *
 * Starts, serves until it is told to stop, and stops. What keeps it from starting is said in one
 * line on standard error.
 *
 * Returns: the status to exit with
 */
ChannelsExit
channels_application_serve (ChannelsApplication *self)
{
  GApplication *application = G_APPLICATION (self);
  g_autoptr (GError) error = NULL;

  if (!build (self, &error))
    return fail (CHANNELS_EXIT_FAILURE, error->message);

  if (!g_application_register (application, NULL, &error))
    return fail_to_register (error);

  if (listen_everywhere (self, &error))
    {
      start (self);
      g_application_hold (application);
    }
  else
    {
      self->exit = fail (CHANNELS_EXIT_FAILURE, error->message);
      /* Calls that wait already are not ours to answer: they fail. */
      channels_bus_service_unexport (self->service);
      g_source_set_name_by_id (g_idle_add_once ((GSourceOnceFunc) g_application_quit, application),
                               "[channels] nothing to serve");
    }

  /* Even where there is nothing to serve: it also takes us off the bus again. */
  g_application_run (application, 0, NULL);

  return self->exit;
}
