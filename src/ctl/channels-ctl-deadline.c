/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-deadline.h"

/**
 * ChannelsCtlDeadline:
 *
 * Ends calls of GIO that block, such as those that connect or wait for a program, and have no
 * time-out of their own: their cancellable is cancelled from a thread when the time has come.
 */
struct _ChannelsCtlDeadline
{
  GCancellable *cancellable; /* (owned) */
  GThread *thread;           /* (owned) */
  gint64 end;                /* µs, monotonic */
  GMutex lock;
  GCond freed;
  gboolean done; /* guarded by @lock */
};

static gpointer
wait_in_thread (gpointer data)
{
  ChannelsCtlDeadline *self = data;
  gboolean late = FALSE;

  g_mutex_lock (&self->lock);
  while (!self->done && !late)
    late = !g_cond_wait_until (&self->freed, &self->lock, self->end);
  late = !self->done;
  g_mutex_unlock (&self->lock);

  if (late)
    g_cancellable_cancel (self->cancellable);

  return NULL;
}

/**
 * channels_ctl_deadline_new:
 * @timeout: µs from now
 *
 * Returns: (transfer full): a deadline
 */
ChannelsCtlDeadline *
channels_ctl_deadline_new (gint64 timeout)
{
  ChannelsCtlDeadline *self = g_new0 (ChannelsCtlDeadline, 1);

  self->cancellable = g_cancellable_new ();
  self->end = g_get_monotonic_time () + timeout;
  g_mutex_init (&self->lock);
  g_cond_init (&self->freed);
  self->thread = g_thread_new ("deadline", wait_in_thread, self);

  return self;
}

/**
 * channels_ctl_deadline_free:
 * @self: (transfer full): a deadline, which ends nothing any more
 */
void
channels_ctl_deadline_free (ChannelsCtlDeadline *self)
{
  g_mutex_lock (&self->lock);
  self->done = TRUE;
  g_cond_signal (&self->freed);
  g_mutex_unlock (&self->lock);
  g_thread_join (self->thread);

  g_cond_clear (&self->freed);
  g_mutex_clear (&self->lock);
  g_object_unref (self->cancellable);
  g_free (self);
}

/**
 * channels_ctl_deadline_get_cancellable:
 * @self: a deadline
 *
 * Returns: (transfer none): what is cancelled when the time has come
 */
GCancellable *
channels_ctl_deadline_get_cancellable (ChannelsCtlDeadline *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->cancellable;
}
