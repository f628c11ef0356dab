/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-deadlines.h"

/**
 * ChannelsDeadlines:
 *
 * All that is to happen at some moment unless something else happens first: pings, time-outs.
 *
 * Ten thousand browsers have as many deadlines, and GLib asks every source of a context at every
 * turn of the loop; so all of them stand in one ordered list behind one source, whose ready time
 * is the earliest. Whoever is active often need not move its deadline: let it come, look at the
 * time of the last activity, and set it again.
 */
struct _ChannelsDeadlines
{
  GSequence *pending; /* (element-type ChannelsDeadline) (unowned): earliest first */
  GSource *source;    /* (owned): ready when the first is due */
  gint64 running;     /* µs, monotonic: those due then are being called; -1: none are */
};

static gboolean
dispatch_cb (gpointer user_data)
{
  channels_deadlines_run (user_data, g_get_monotonic_time ());

  return G_SOURCE_CONTINUE;
}

static gboolean
source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  return callback (user_data);
}

static GSourceFuncs source_funcs = { .dispatch = source_dispatch };

static gint
compare_due (gconstpointer a, gconstpointer b, gpointer unused)
{
  const ChannelsDeadline *left = a;
  const ChannelsDeadline *right = b;

  return left->due < right->due ? -1 : left->due > right->due;
}

static void
update_ready_time (ChannelsDeadlines *self)
{
  gint64 next = channels_deadlines_get_next (self);

  if (g_source_get_ready_time (self->source) != next)
    g_source_set_ready_time (self->source, next);
}

/**
 * channels_deadlines_new:
 *
 * Returns: (transfer full): a list without deadlines, attached to no context yet
 */
ChannelsDeadlines *
channels_deadlines_new (void)
{
  ChannelsDeadlines *self = g_new0 (ChannelsDeadlines, 1);

  self->running = -1;
  self->pending = g_sequence_new (NULL);
  self->source = g_source_new (&source_funcs, sizeof (GSource));
  g_source_set_static_name (self->source, "[channels] deadlines");
  g_source_set_callback (self->source, dispatch_cb, self, NULL);

  return self;
}

/**
 * channels_deadlines_free:
 * @self: (transfer full): a list; what is still pending is forgotten
 */
void
channels_deadlines_free (ChannelsDeadlines *self)
{
  while (!g_sequence_is_empty (self->pending))
    channels_deadlines_clear (self, g_sequence_get (g_sequence_get_begin_iter (self->pending)));

  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_sequence_free (self->pending);
  g_free (self);
}

/**
 * channels_deadlines_set:
 * @self: a list
 * @deadline: (transfer none): stays where it is until it is due or cleared
 * @due: µs, monotonic
 *
 * Makes @deadline pending at @due, whether it was pending or not. What is set while deadlines are
 * being called is called in a later turn, however early @due is: nobody keeps the others waiting by
 * setting itself again and again.
 */
void
channels_deadlines_set (ChannelsDeadlines *self, ChannelsDeadline *deadline, gint64 due)
{
  g_return_if_fail (deadline->func != NULL);

  if (deadline->iter != NULL)
    g_sequence_remove (deadline->iter);

  deadline->due = MAX (due, self->running + 1);
  deadline->iter = g_sequence_insert_sorted (self->pending, deadline, compare_due, NULL);
  update_ready_time (self);
}

/**
 * channels_deadlines_clear:
 * @self: a list
 * @deadline: pending, or not
 *
 * Makes @deadline no longer pending.
 */
void
channels_deadlines_clear (ChannelsDeadlines *self, ChannelsDeadline *deadline)
{
  if (deadline->iter == NULL)
    return;

  g_sequence_remove (g_steal_pointer (&deadline->iter));
  update_ready_time (self);
}

/**
 * channels_deadlines_get_next:
 * @self: a list
 *
 * Returns: µs, monotonic: when the earliest is due; -1 if none is pending
 */
gint64
channels_deadlines_get_next (ChannelsDeadlines *self)
{
  const ChannelsDeadline *first;

  if (g_sequence_is_empty (self->pending))
    return -1;

  first = g_sequence_get (g_sequence_get_begin_iter (self->pending));
  return first->due;
}

/**
 * channels_deadlines_run:
 * @self: a list
 * @now: µs, monotonic
 *
 * Calls all that are due at @now, earliest first. None of them may free @self. The source does it
 * by itself; tests do it with whatever time they like.
 */
void
channels_deadlines_run (ChannelsDeadlines *self, gint64 now)
{
  self->running = now;

  while (!g_sequence_is_empty (self->pending))
    {
      ChannelsDeadline *deadline = g_sequence_get (g_sequence_get_begin_iter (self->pending));

      if (deadline->due > now)
        break;

      channels_deadlines_clear (self, deadline);
      deadline->func (deadline, now);
    }

  self->running = -1;
  update_ready_time (self);
}

/**
 * channels_deadlines_get_source:
 * @self: a list
 *
 * Returns: (transfer none): the source to attach to the context in which deadlines are called
 */
GSource *
channels_deadlines_get_source (ChannelsDeadlines *self)
{
  return self->source;
}
