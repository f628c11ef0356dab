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
  gint64 last; /* µs, monotonic: when one last came or was answered */
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

/**
 * channels_bus_calls_unref:
 * @self: (transfer full): calls
 */
void
channels_bus_calls_unref (ChannelsBusCalls *self)
{
  g_rc_box_release (self);
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
 * @invocation: one more, which lives until it is answered
 */
void
channels_bus_calls_add (ChannelsBusCalls *self, GDBusMethodInvocation *invocation)
{
  self->pending++;
  channels_bus_calls_touch (self);
  g_object_weak_ref (G_OBJECT (invocation), on_invocation_gone, g_rc_box_acquire (self));
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
