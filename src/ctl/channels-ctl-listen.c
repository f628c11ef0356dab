/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-command.h"
#include "channels-ctl-error.h"
#include "channels-ctl-json.h"
#include "channels-ctl-writer.h"

#include <glib-unix.h>
#include <glib/gi18n.h>

/* Bytes that may wait for whoever reads standard output: some of the largest events. */
#define BACKLOG_MAX (16 * 1024 * 1024)

/**
 * Listener:
 *
 * A wait that only the user, or whoever reads, ends. The service may go and come back meanwhile, as
 * at an upgrade: then the groups are joined again. While it is gone nobody here starts it anew: the
 * user may have stopped it.
 */
typedef struct
{
  ChannelsCtlContext *context; /* (unowned) */
  ChannelsDBusChannels *proxy; /* (unowned) */
  char **groups;               /* (unowned) */
  GMainLoop *loop;             /* (owned) */
  ChannelsCtlWriter *writer;   /* (owned) */
  GCancellable *cancellable;   /* (owned) */
  guint pending;               /* calls that are not answered yet */
  gboolean joined;             /* into some group, at some time */
  gboolean away;               /* the service was there, and has gone */
  GError *error;               /* (owned) (nullable): why it ended */
} Listener;

static void
stop (Listener *self, GError *error)
{
  if (self->error == NULL)
    self->error = error;
  else
    g_clear_error (&error);

  g_main_loop_quit (self->loop);
}

static gboolean
on_signal (gpointer user_data)
{
  stop (user_data, NULL);

  return G_SOURCE_CONTINUE;
}

static void
on_writer_failed (const GError *error, gpointer user_data)
{
  Listener *self = user_data;

  /* That the reader has what it wanted is no failure. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE))
    stop (self, NULL);
  else
    stop (self, g_error_new (CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED,
                             _ ("standard output cannot be written: %s"), error->message));
}

static void
on_event_received (ChannelsDBusChannels *proxy, const char *group, GVariant *event, Listener *self)
{
  GVariantBuilder answer = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL;

  g_variant_builder_add (&answer, "{sv}", "group", g_variant_new_string (group));
  g_variant_builder_add (&answer, "{sv}", "event", event);
  line = channels_ctl_json_line_new (g_variant_builder_end (&answer), &error);
  if (line != NULL)
    channels_ctl_writer_push (self->writer, line);
  else
    channels_ctl_context_report (self->context, _ ("left out an event of %s: %s"), group,
                                 error->message);
}

static void
subscribe_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Listener *self = user_data;
  g_autoptr (GError) error = NULL;

  self->pending--;
  if (channels_dbus_channels_call_subscribe_finish (CHANNELS_DBUS_CHANNELS (source), result,
                                                    &error))
    {
      self->joined = TRUE;
      return;
    }

  /* Cancelled: it is over. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  /* A service that went while it was asked is joined when it is back. */
  if (!self->joined || channels_ctl_error_is_from_service (error))
    stop (self, g_steal_pointer (&error));
}

static void
subscribe (Listener *self)
{
  for (char **group = self->groups; *group != NULL; group++)
    {
      self->pending++;
      channels_dbus_channels_call_subscribe (self->proxy, *group, self->cancellable, subscribe_cb,
                                             self);
    }
}

static void
on_name_owner_changed (GDBusProxy *proxy, GParamSpec *pspec, Listener *self)
{
  g_autofree char *owner = g_dbus_proxy_get_name_owner (proxy);

  if (owner == NULL)
    {
      self->away = TRUE;
      channels_ctl_context_report (self->context,
                                   _ ("the service has gone; waiting until it is back"));
      return;
    }

  if (self->away)
    channels_ctl_context_report (self->context, _ ("the service is back"));
  self->away = FALSE;
  subscribe (self);
}

static void
on_closed (GDBusConnection *connection,
           gboolean remote_peer_vanished,
           GError *error,
           Listener *self)
{
  stop (self, g_error_new_literal (CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED,
                                   _ ("the session bus is gone")));
}

static void
listen_until_stopped (Listener *self)
{
  GDBusConnection *connection = g_dbus_proxy_get_connection (G_DBUS_PROXY (self->proxy));
  guint interrupted = g_unix_signal_add (SIGINT, on_signal, self);
  guint terminated = g_unix_signal_add (SIGTERM, on_signal, self);
  gulong event =
      g_signal_connect (self->proxy, "event-received", G_CALLBACK (on_event_received), self);
  gulong owner = g_signal_connect (self->proxy, "notify::g-name-owner",
                                   G_CALLBACK (on_name_owner_changed), self);
  gulong closed = g_signal_connect (connection, "closed", G_CALLBACK (on_closed), self);

  subscribe (self);
  g_main_loop_run (self->loop);

  /* Calls that are under way know @self. */
  g_cancellable_cancel (self->cancellable);
  while (self->pending > 0)
    g_main_context_iteration (NULL, TRUE);

  g_signal_handler_disconnect (connection, closed);
  g_signal_handler_disconnect (self->proxy, owner);
  g_signal_handler_disconnect (self->proxy, event);
  g_source_remove (terminated);
  g_source_remove (interrupted);
}

static gboolean
run (ChannelsCtlContext *context, char **argv, GError **error)
{
  const GOptionEntry options[] = { G_OPTION_ENTRY_NULL };
  g_auto (GStrv) groups = NULL;
  Listener self = { .context = context };

  if (!channels_ctl_command_parse (&channels_ctl_listen, argv, options, &groups, error))
    return FALSE;

  self.groups = groups;
  self.proxy = channels_ctl_context_get_proxy (context, error);
  if (self.proxy == NULL)
    return FALSE;

  self.loop = g_main_loop_new (NULL, FALSE);
  self.cancellable = g_cancellable_new ();
  self.writer = channels_ctl_writer_new (channels_ctl_context_get_output (context), BACKLOG_MAX,
                                         on_writer_failed, &self);
  listen_until_stopped (&self);

  g_clear_pointer (&self.writer, channels_ctl_writer_free);
  g_clear_object (&self.cancellable);
  g_clear_pointer (&self.loop, g_main_loop_unref);

  if (self.error != NULL)
    {
      g_propagate_error (error, self.error);
      return FALSE;
    }

  return TRUE;
}

const ChannelsCtlCommand channels_ctl_listen = {
  .name = "listen",
  .arguments = N_ ("GROUP…"),
  .summary = N_ ("Print what is sent to groups, one line of JSON for each event"),
  .n_arguments_min = 1,
  .n_arguments_max = G_MAXUINT,
  .completes = CHANNELS_CTL_COMPLETES_GROUP,
  .run = run,
};
