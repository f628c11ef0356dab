/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-bus-calls.h"

/**
 * ChannelsBusCalls:
 *
 * When a service was last called: how many calls have no answer yet, and when the last of them was.
 *
 * Each call holds a reference: it may be answered when the service is gone.
 */
struct _ChannelsBusCalls
{
  guint pending;
  gint64 last;     /* µs, monotonic: when one last came or was answered */
  GError *refusal; /* (owned) (nullable): what every call is answered with from now on */
};

/**
 * channels_bus_calls_new:
 *
 * Returns: (transfer full): no calls yet
 */
ChannelsBusCalls *
channels_bus_calls_new (void)
{
  ChannelsBusCalls *self = g_rc_box_new0 (ChannelsBusCalls);

  channels_bus_calls_touch (self);

  return self;
}

static void
clear (gpointer data)
{
  ChannelsBusCalls *self = data;

  g_clear_error (&self->refusal);
}

/**
 * channels_bus_calls_unref:
 * @self: (transfer full): calls
 */
void
channels_bus_calls_unref (ChannelsBusCalls *self)
{
  g_rc_box_release_full (self, clear);
}

static void
on_invocation_gone (gpointer data, GObject *invocation)
{
  ChannelsBusCalls *self = data;

  self->pending--;
  channels_bus_calls_touch (self);
  channels_bus_calls_unref (self);
}

/**
 * channels_bus_calls_add:
 * @self: calls
 * @invocation: (transfer none): one more, which lives until it is answered
 *
 * Returns: `TRUE` if it waits for its answer, `FALSE` if it has been refused, and is gone
 */
gboolean
channels_bus_calls_add (ChannelsBusCalls *self, GDBusMethodInvocation *invocation)
{
  if (self->refusal != NULL)
    {
      g_dbus_method_invocation_return_gerror (invocation, self->refusal);
      return FALSE;
    }

  /* Who only watches does not need us. */
  if (g_str_equal (g_dbus_method_invocation_get_method_name (invocation), "ListStatistics"))
    return TRUE;

  self->pending++;
  channels_bus_calls_touch (self);
  g_object_weak_ref (G_OBJECT (invocation), on_invocation_gone, g_rc_box_acquire (self));

  return TRUE;
}

/**
 * channels_bus_calls_refuse:
 * @self: calls
 * @error: what each that comes from now on is answered with; copied
 */
void
channels_bus_calls_refuse (ChannelsBusCalls *self, const GError *error)
{
  g_clear_error (&self->refusal);
  self->refusal = g_error_copy (error);
}

/**
 * channels_bus_calls_touch:
 * @self: calls
 *
 * Something happened that counts as a call.
 */
void
channels_bus_calls_touch (ChannelsBusCalls *self)
{
  self->last = g_get_monotonic_time ();
}

/**
 * channels_bus_calls_get_last:
 * @self: calls
 *
 * Returns: when one last came or was answered, in µs of the monotonic clock; `G_MAXINT64` while one
 * has no answer
 */
gint64
channels_bus_calls_get_last (ChannelsBusCalls *self)
{
  return self->pending == 0 ? self->last : G_MAXINT64;
}
