/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-notify.h"

#include "channels-systemd.h"

/* The status is told so often at most, however fast things change. */
#define STATUS_INTERVAL_MS 1000

/**
 * ChannelsNotify:
 *
 * Tells the service manager how the service is: that it is ready, alive and what it has to do.
 *
 * Where nobody listens it does nothing, and costs no timer.
 */
struct _ChannelsNotify
{
  ChannelsNotifyStatusFunc status;
  gpointer user_data; /* (unowned) */
  char *told;         /* (owned) (nullable): the status that was told last */
  gboolean listening; /* somebody wants to know */
  guint status_id;    /* source; 0: nothing to tell */
  guint watchdog_id;  /* source; 0: no sign of life is wanted */
};

static gboolean
on_watchdog (gpointer user_data)
{
  channels_systemd_notify ("WATCHDOG=1");

  return G_SOURCE_CONTINUE;
}

/**
 * channels_notify_new:
 * @status: says how things are
 * @user_data: (closure): passed to @status
 *
 * Returns: (transfer full): a notifier that gives the signs of life that are wanted
 */
ChannelsNotify *
channels_notify_new (ChannelsNotifyStatusFunc status, gpointer user_data)
{
  ChannelsNotify *self = g_new0 (ChannelsNotify, 1);
  guint64 watchdog = channels_systemd_get_watchdog ();

  self->status = status;
  self->user_data = user_data;
  self->listening = channels_systemd_is_listening ();
  if (watchdog > 0)
    {
      /* Twice in the time, as sd_watchdog_enabled(3) asks. */
      self->watchdog_id = g_timeout_add (MAX (watchdog / 2000, 1), on_watchdog, NULL);
      g_source_set_name_by_id (self->watchdog_id, "[channels] watchdog");
    }

  return self;
}

/**
 * channels_notify_free:
 * @self: (nullable) (transfer full): a notifier
 */
void
channels_notify_free (ChannelsNotify *self)
{
  if (self == NULL)
    return;

  g_clear_handle_id (&self->status_id, g_source_remove);
  g_clear_handle_id (&self->watchdog_id, g_source_remove);
  g_free (self->told);
  g_free (self);
}

/* Tells @state, if any, with the status, if it is another one than before. */
static void
tell (ChannelsNotify *self, const char *state)
{
  g_autofree char *status = NULL;
  g_autoptr (GString) lines = g_string_new (state);

  if (!self->listening)
    return;

  status = self->status (self->user_data);
  if (g_strcmp0 (status, self->told) != 0)
    {
      g_string_append_printf (lines, "%sSTATUS=%s", lines->len > 0 ? "\n" : "", status);
      g_free (self->told);
      self->told = g_steal_pointer (&status);
    }
  if (lines->len > 0)
    channels_systemd_notify (lines->str);
}

static void
on_status_due (gpointer user_data)
{
  ChannelsNotify *self = user_data;

  self->status_id = 0;
  tell (self, NULL);
}

/**
 * channels_notify_ready:
 * @self: a notifier
 *
 * The service does what it is there for; or does so again, after channels_notify_reloading().
 */
void
channels_notify_ready (ChannelsNotify *self)
{
  tell (self, "READY=1");
}

/**
 * channels_notify_reloading:
 * @self: a notifier
 *
 * The configuration is read anew, until channels_notify_ready().
 */
void
channels_notify_reloading (ChannelsNotify *self)
{
  g_autofree char *state =
      g_strdup_printf ("RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time ());

  tell (self, state);
}

/**
 * channels_notify_stopping:
 * @self: a notifier
 *
 * The service ends: whoever needs it next is to start another one.
 */
void
channels_notify_stopping (ChannelsNotify *self)
{
  g_clear_handle_id (&self->status_id, g_source_remove);
  tell (self, "STOPPING=1");
}

/**
 * channels_notify_changed:
 * @self: a notifier
 *
 * Something may have changed in the status: it is told within a second.
 */
void
channels_notify_changed (ChannelsNotify *self)
{
  if (!self->listening || self->status_id != 0)
    return;

  self->status_id = g_timeout_add_once (STATUS_INTERVAL_MS, on_status_due, self);
  g_source_set_name_by_id (self->status_id, "[channels] status");
}
