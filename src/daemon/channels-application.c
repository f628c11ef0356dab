/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-application.h"

#include "channels-absence.h"
#include "channels-discovery.h"
#include "channels-idle.h"
#include "channels-local-socket.h"
#include "channels-names.h"
#include "channels-node.h"
#include "channels-notify.h"
#include "channels-reload.h"
#include "channels-systemd.h"

#include <glib-unix.h>

/* The bus itself, and how it is asked for a name. */
#define BUS "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
#define BUS_MS 500 /* it is on this machine; an orderly stop waits so long for it */
#define REQUEST_NAME_DO_NOT_QUEUE 4
#define REQUEST_NAME_REPLY_PRIMARY_OWNER 1
#define REQUEST_NAME_REPLY_ALREADY_OWNER 4

/**
 * ChannelsApplication:
 *
 * The life of the service: it starts, serves, reads its configuration anew, and ends when it is
 * told to, or when nobody needs it.
 *
 * GApplication claims the name on the session bus, so that there is one service a session; the
 * object is exported before the name is claimed, so that whoever sees the name finds it. The end of
 * the bus comes as SIGTERM, which GDBus raises, and is an orderly stop.
 */
struct _ChannelsApplication
{
  GApplication parent_instance;

  const ChannelsOptions *options; /* (unowned) */
  ChannelsNode *node;             /* (owned) (nullable): once it is built */
  ChannelsReload *reload;         /* (owned) (nullable): while it serves */
  ChannelsDiscovery *discovery;   /* (owned) */
  ChannelsIdle *idle;             /* (owned) */
  ChannelsAbsence *absence;       /* (owned) (nullable): while it serves, with a bus */
  ChannelsNotify *notify;         /* (owned) (nullable): while it serves */
  gboolean activated;             /* it was started because somebody needs it */
  gboolean stopping;
  ChannelsExit exit;
};

G_DEFINE_FINAL_TYPE (ChannelsApplication, channels_application, G_TYPE_APPLICATION)

/* Calls the bus, if we are on one; else @callback is called at once, without a result. Waits for
 * @timeout ms, -1 for as long as one waits for a bus. */
static void
ask_bus (ChannelsApplication *self,
         const char *method,
         GVariant *arguments,
         int timeout,
         GAsyncReadyCallback callback)
{
  GDBusConnection *connection = g_application_get_dbus_connection (G_APPLICATION (self));
  g_autoptr (GVariant) owned = g_variant_ref_sink (arguments);

  if (connection == NULL)
    callback (NULL, NULL, g_object_ref (self));
  else
    g_dbus_connection_call (connection, BUS, BUS_PATH, BUS, method, owned, G_VARIANT_TYPE ("(u)"),
                            G_DBUS_CALL_FLAGS_NONE, timeout, NULL, callback, g_object_ref (self));
}

static void
on_node_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChannelsApplication) self = user_data;

  channels_node_stop_finish (CHANNELS_NODE (source), result);
  g_application_quit (G_APPLICATION (self));
}

/* The bus keeps the order: who called it by its name has been answered, or is being. */
static void
on_name_given_up (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChannelsApplication) self = user_data;

  channels_node_stop (self->node, on_node_stopped, g_object_ref (self));
}

/* With the door shut, so that the next one finds its addresses free, the name is given up: who
 * calls from now on starts that one, and is not turned away here. */
static void
stop (ChannelsApplication *self)
{
  if (self->stopping)
    return;

  self->stopping = TRUE;
  channels_idle_stop (self->idle);
  g_clear_pointer (&self->absence, channels_absence_free);
  channels_discovery_withdraw (self->discovery);
  channels_notify_stopping (self->notify);
  channels_reload_close (self->reload);
  channels_door_close (channels_server_get_door (channels_node_get_server (self->node)));
  ask_bus (self, "ReleaseName", g_variant_new ("(s)", CHANNELS_BUS_NAME), BUS_MS, on_name_given_up);
}

static gboolean
on_stop_signal (gpointer user_data)
{
  stop (user_data);

  return G_SOURCE_CONTINUE;
}

static void
on_reloaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChannelsApplication) self = user_data;

  /* What is wrong has been logged. */
  channels_reload_run_finish (CHANNELS_RELOAD (source), result, NULL);
  if (!self->stopping)
    channels_notify_ready (self->notify);
}

static gboolean
on_reload_signal (gpointer user_data)
{
  ChannelsApplication *self = user_data;

  if (!self->stopping)
    {
      channels_notify_reloading (self->notify);
      channels_reload_run (self->reload, on_reloaded, g_object_ref (self));
    }

  return G_SOURCE_CONTINUE;
}

typedef struct
{
  ChannelsApplication *self;         /* (owned) */
  GDBusMethodInvocation *invocation; /* (owned): until it is answered */
} ReloadCall;

static void
on_reloaded_for_call (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ReloadCall *call = user_data;
  GError *error = NULL;

  if (channels_reload_run_finish (CHANNELS_RELOAD (source), result, &error))
    g_dbus_method_invocation_return_value (call->invocation, NULL);
  else
    g_dbus_method_invocation_take_error (call->invocation, error);

  if (!call->self->stopping)
    channels_notify_ready (call->self->notify);
  g_object_unref (call->self);
  g_free (call);
}

static void
on_reload_call (GDBusMethodInvocation *invocation, gpointer user_data)
{
  ChannelsApplication *self = user_data;
  ReloadCall *call = g_new0 (ReloadCall, 1);

  call->self = g_object_ref (self);
  call->invocation = invocation;
  if (!self->stopping)
    channels_notify_reloading (self->notify);
  channels_reload_run (self->reload, on_reloaded_for_call, call);
}

static void
watch_idleness (ChannelsApplication *self)
{
  gint64 timeout =
      channels_config_get_idle_timeout (channels_node_get_config (self->node), self->activated);

  channels_idle_start (self->idle, timeout, g_get_monotonic_time ());
}

static void
on_node_changed (ChannelsApplication *self)
{
  if (self->stopping)
    return;

  watch_idleness (self);
  channels_notify_changed (self->notify);
}

static void
publish (ChannelsApplication *self)
{
  g_auto (GStrv) urls =
      channels_server_get_urls (channels_node_get_server (self->node), "http", "/");

  if (urls[0] != NULL)
    channels_discovery_publish (self->discovery, urls[0]);
}

/* The files of a session are its service's: one that claims no name on the bus leaves them alone.
 */
static gboolean
are_files_taken (ChannelsApplication *self)
{
  g_autofree char *directory = channels_discovery_get_directory ();
  g_autofree char *path = NULL;

  if (!self->options->no_bus || directory == NULL)
    return FALSE;

  path = g_build_filename (directory, CHANNELS_SOCKET_FILE_NAME, NULL);
  return channels_local_socket_is_served (path);
}

/* Without it there is still the other door: that it cannot be is logged, and nothing else. */
static void
listen_locally (ChannelsApplication *self)
{
  g_autofree char *directory = channels_discovery_get_directory ();
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  if (directory == NULL)
    return;

  path = g_build_filename (directory, CHANNELS_SOCKET_FILE_NAME, NULL);
  if (!channels_door_listen_local (channels_server_get_door (channels_node_get_server (self->node)),
                                   path, &error))
    g_message ("not listening at %s: %s", path, error->message);
}

static gint64
idle_get_last_used (gpointer user_data)
{
  ChannelsApplication *self = user_data;
  gint64 by_notifications =
      self->absence != NULL ? channels_absence_get_last_used (self->absence) : 0;

  return MAX (channels_node_get_last_used (self->node), by_notifications);
}

static gboolean
idle_pause (gpointer user_data)
{
  ChannelsApplication *self = user_data;

  channels_discovery_withdraw (self->discovery);
  if (channels_door_pause (channels_server_get_door (channels_node_get_server (self->node))))
    return TRUE;

  publish (self);
  return FALSE;
}

static void
idle_resume (gpointer user_data)
{
  ChannelsApplication *self = user_data;

  channels_door_resume (channels_server_get_door (channels_node_get_server (self->node)));
  publish (self);
}

/* What the bus answered; 0 where it did not. */
static guint
get_bus_answer (GObject *source, GAsyncResult *result)
{
  g_autoptr (GVariant) reply =
      source != NULL ? g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL)
                     : NULL;
  guint answer = 0;

  if (reply != NULL)
    g_variant_get (reply, "(u)", &answer);

  return answer;
}

/* The bus keeps the order: what it sent us for the name before has been handled by now. */
static void
on_name_released (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChannelsApplication) self = user_data;

  get_bus_answer (source, result);
  channels_idle_released (self->idle, g_get_monotonic_time ());
}

static void
idle_release (gpointer user_data)
{
  /* Nobody waits for us to end: to go on before the bus has answered would be to lose who calls. */
  ask_bus (user_data, "ReleaseName", g_variant_new ("(s)", CHANNELS_BUS_NAME), -1,
           on_name_released);
}

static void
on_name_regained (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChannelsApplication) self = user_data;
  guint answer = get_bus_answer (source, result);

  channels_idle_regained (self->idle,
                          source == NULL || answer == REQUEST_NAME_REPLY_PRIMARY_OWNER ||
                              answer == REQUEST_NAME_REPLY_ALREADY_OWNER,
                          g_get_monotonic_time ());
}

static void
idle_regain (gpointer user_data)
{
  ask_bus (user_data, "RequestName",
           g_variant_new ("(su)", CHANNELS_BUS_NAME, REQUEST_NAME_DO_NOT_QUEUE), -1,
           on_name_regained);
}

static void
idle_end (gpointer user_data)
{
  g_debug ("nobody needs the service any more");
  stop (user_data);
}

static const ChannelsIdleFuncs idle_funcs = {
  .get_last_used = idle_get_last_used,
  .pause = idle_pause,
  .resume = idle_resume,
  .release = idle_release,
  .regain = idle_regain,
  .end = idle_end,
};

static char *
describe (gpointer user_data)
{
  return channels_node_describe (CHANNELS_APPLICATION (user_data)->node);
}

static gboolean
channels_application_dbus_register (GApplication *application,
                                    GDBusConnection *connection,
                                    const char *object_path,
                                    GError **error)
{
  ChannelsApplication *self = CHANNELS_APPLICATION (application);

  return channels_bus_service_export (channels_node_get_service (self->node), connection, error);
}

static void
channels_application_dbus_unregister (GApplication *application,
                                      GDBusConnection *connection,
                                      const char *object_path)
{
  ChannelsApplication *self = CHANNELS_APPLICATION (application);

  if (self->node != NULL)
    channels_bus_service_unexport (channels_node_get_service (self->node));
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

  g_clear_pointer (&self->idle, channels_idle_free);
  g_clear_pointer (&self->absence, channels_absence_free);
  g_clear_pointer (&self->notify, channels_notify_free);
  g_clear_pointer (&self->discovery, channels_discovery_free);
  if (self->node != NULL)
    g_signal_handlers_disconnect_by_data (self->node, self);
  g_clear_object (&self->reload);
  g_clear_object (&self->node);

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
  g_autofree char *directory = channels_discovery_get_directory ();

  self->discovery = channels_discovery_new (directory);
  self->idle = channels_idle_new (&idle_funcs, self);
}

/**
 * channels_application_new:
 * @options: the command line; outlives it
 *
 * Returns: (transfer full): a service that does nothing yet
 */
ChannelsApplication *
channels_application_new (const ChannelsOptions *options)
{
  ChannelsApplication *self = g_object_new (CHANNELS_TYPE_APPLICATION, "application-id",
                                            options->no_bus ? NULL : CHANNELS_BUS_NAME, "flags",
                                            G_APPLICATION_IS_SERVICE, NULL);

  self->options = options;

  return self;
}

static void
start (ChannelsApplication *self)
{
  GApplication *application = G_APPLICATION (self);
  GDBusConnection *connection = g_application_get_dbus_connection (application);

  if (connection != NULL)
    self->absence = channels_absence_new (self->node, connection);
  else if (g_application_get_application_id (application) != NULL)
    g_warning ("there is no session bus: only browsers are served");

  self->reload = channels_reload_new (self->options, self->node);
  self->notify = channels_notify_new (describe, self);
  channels_bus_service_set_reload_func (channels_node_get_service (self->node), on_reload_call,
                                        self);
  g_signal_connect_swapped (self->node, "changed", G_CALLBACK (on_node_changed), self);
  /* They stay for as long as the process: without them, a signal that comes while it ends would be
   * what it died of. Nobody runs the loop any more by then. */
  g_unix_signal_add (SIGTERM, on_stop_signal, self);
  g_unix_signal_add (SIGINT, on_stop_signal, self);
  g_unix_signal_add (SIGHUP, on_reload_signal, self);

  if (are_files_taken (self))
    {
      g_clear_pointer (&self->discovery, channels_discovery_free);
      self->discovery = channels_discovery_new (NULL);
    }
  else
    listen_locally (self);
  publish (self);
  channels_node_print_urls (self->node);
  watch_idleness (self);
  channels_notify_ready (self->notify);
}

static void
on_name_refused (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChannelsApplication) self = user_data;

  get_bus_answer (source, result);
  g_application_quit (G_APPLICATION (self));
}

static void
give_name_up (gpointer user_data)
{
  ask_bus (user_data, "ReleaseName", g_variant_new ("(s)", CHANNELS_BUS_NAME), BUS_MS,
           on_name_refused);
}

/* Whoever had the bus start the service is told why it does not: these calls come until the bus
 * knows that nobody has the name any more. */
static void
refuse_all (ChannelsApplication *self, const GError *reason)
{
  g_autoptr (GError) error =
      g_error_new_literal (G_DBUS_ERROR, G_DBUS_ERROR_SPAWN_FAILED, reason->message);

  channels_bus_service_refuse (channels_node_get_service (self->node), error);
  g_source_set_name_by_id (g_idle_add_once (give_name_up, self), "[channels] nothing to serve");
}

static ChannelsExit
fail (ChannelsExit exit, const char *message)
{
  g_printerr ("channelsd: %s\n", message);

  return exit;
}

static ChannelsExit
fail_to_register (GError *reason)
{
  g_autoptr (GError) error = reason;

  g_dbus_error_strip_remote_error (error);

  /* How GApplication says that somebody else has the name. */
  if (!g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_FAILED))
    return fail (CHANNELS_EXIT_FAILURE, error->message);

  g_prefix_error (&error, "another channelsd runs in this session: ");
  return fail (CHANNELS_EXIT_RUNNING, error->message);
}

/**
 * channels_application_serve:
 * @self: a service
 * @config: its configuration
 * @layer: what carries events to other nodes
 * @identity: which node this is, as @layer was told; outlives it
 *
 * Starts, serves until it is told to stop or nobody needs it, and stops. What keeps it from
 * starting is said in one line on standard error.
 *
 * Returns: the status to exit with
 */
ChannelsExit
channels_application_serve (ChannelsApplication *self,
                            ChannelsConfig *config,
                            ChannelsLayer *layer,
                            ChannelsIdentity *identity)
{
  GApplication *application = G_APPLICATION (self);
  g_autoptr (GPtrArray) sockets = NULL;
  g_autoptr (GError) error = NULL;

  sockets = channels_systemd_take_sockets (&error);
  if (sockets == NULL)
    return fail (CHANNELS_EXIT_FAILURE, error->message);

  self->activated = self->options->activated || sockets->len > 0;
  self->node = channels_node_new (config, layer, identity, &error);
  if (self->node == NULL)
    {
      channels_systemd_turn_away (sockets);
      return fail (CHANNELS_EXIT_FAILURE, error->message);
    }

  if (!g_application_register (application, NULL, &error))
    {
      channels_systemd_turn_away (sockets);
      return fail_to_register (g_steal_pointer (&error));
    }

  g_application_hold (application);
  if (channels_node_listen (self->node, sockets, &error))
    start (self);
  else
    {
      channels_systemd_turn_away (sockets);
      self->exit = fail (CHANNELS_EXIT_FAILURE, error->message);
      refuse_all (self, error);
    }

  /* Even where there is nothing to serve: it also takes us off the bus again. */
  g_application_run (application, 0, NULL);

  return self->exit;
}
