/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-idle.h"

typedef enum
{
  IDLE_OFF,       /* it never ends by itself, or ends already */
  IDLE_WATCHING,  /* somebody may need it */
  IDLE_RELEASING, /* nobody did for long enough: the name is being given up */
  IDLE_REGAINING, /* somebody came just then: it is being taken again */
} IdleState;

/**
 * ChannelsIdle:
 *
 * Ends a node that nobody has needed for some time, and never while somebody comes in.
 *
 * Whoever comes must find this node or the next one. So first nobody is let in: a connection waits
 * at the listening socket, which the service manager holds as well, and starts the next node. If
 * nobody was waiting there already, the name on the bus is given up: whoever calls from then on
 * starts the next node, and every call that came before is here when the bus has answered, and
 * answered itself. Who has subscribed in between, or whose call is still under way, needs this
 * node: then it takes the name again and goes on. Time is an argument: tests need no clock.
 */
struct _ChannelsIdle
{
  const ChannelsIdleFuncs *funcs;
  gpointer user_data; /* (unowned) */
  IdleState state;
  gint64 timeout; /* µs */
  gint64 since;   /* µs: nobody has needed it since then, as far as is known */
  guint timer_id; /* source; 0: none */
};

static gboolean
on_timer (gpointer user_data)
{
  ChannelsIdle *self = user_data;

  self->timer_id = 0;
  channels_idle_check (self, g_get_monotonic_time ());

  return G_SOURCE_REMOVE;
}

/* @delay in µs */
static void
set_timer (ChannelsIdle *self, gint64 delay)
{
  g_clear_handle_id (&self->timer_id, g_source_remove);
  self->timer_id = g_timeout_add ((guint) (delay / G_TIME_SPAN_MILLISECOND + 1), on_timer, self);
  g_source_set_name_by_id (self->timer_id, "[channels] idle");
}

static void
watch (ChannelsIdle *self, gint64 now)
{
  self->state = IDLE_WATCHING;
  self->since = now;
  set_timer (self, self->timeout);
}

/**
 * channels_idle_new:
 * @funcs: what can be done with the node; must live as long
 * @user_data: (closure): passed to each of them
 *
 * Returns: (transfer full): what does nothing yet
 */
ChannelsIdle *
channels_idle_new (const ChannelsIdleFuncs *funcs, gpointer user_data)
{
  ChannelsIdle *self = g_new0 (ChannelsIdle, 1);

  self->funcs = funcs;
  self->user_data = user_data;

  return self;
}

/**
 * channels_idle_free:
 * @self: (nullable) (transfer full): what ends a node, or would have
 */
void
channels_idle_free (ChannelsIdle *self)
{
  if (self == NULL)
    return;

  channels_idle_stop (self);
  g_free (self);
}

/**
 * channels_idle_start:
 * @self: what ends a node
 * @timeout: µs after which it ends if nobody needs it; 0: never
 * @now: µs
 *
 * Watches from now on, or with another @timeout. Where the node is about to end, it is too late.
 */
void
channels_idle_start (ChannelsIdle *self, gint64 timeout, gint64 now)
{
  if (self->state == IDLE_RELEASING || self->state == IDLE_REGAINING || timeout == self->timeout)
    return;

  channels_idle_stop (self);
  self->timeout = timeout;
  if (timeout > 0)
    watch (self, now);
}

/**
 * channels_idle_stop:
 * @self: what ends a node
 *
 * Does nothing any more: the node ends for another reason.
 */
void
channels_idle_stop (ChannelsIdle *self)
{
  self->state = IDLE_OFF;
  self->timeout = 0;
  g_clear_handle_id (&self->timer_id, g_source_remove);
}

/**
 * channels_idle_check:
 * @self: what ends a node
 * @now: µs
 *
 * Looks whether nobody has needed the node for long enough: its timer does it.
 */
void
channels_idle_check (ChannelsIdle *self, gint64 now)
{
  gint64 last_used;

  if (self->state != IDLE_WATCHING)
    return;

  last_used = self->funcs->get_last_used (self->user_data);
  self->since = MIN (MAX (self->since, last_used), now);
  if (now - self->since < self->timeout)
    set_timer (self, self->since + self->timeout - now);
  else if (!self->funcs->pause (self->user_data))
    watch (self, now);
  else
    {
      self->state = IDLE_RELEASING;
      self->funcs->release (self->user_data);
    }
}

static void
end (ChannelsIdle *self)
{
  channels_idle_stop (self);
  self->funcs->end (self->user_data);
}

/**
 * channels_idle_released:
 * @self: what ends a node
 * @now: µs
 *
 * The name is given up, and all that was sent to it is here.
 */
void
channels_idle_released (ChannelsIdle *self, gint64 now)
{
  if (self->state != IDLE_RELEASING)
    return;

  if (self->funcs->get_last_used (self->user_data) < G_MAXINT64)
    {
      end (self);
      return;
    }

  self->state = IDLE_REGAINING;
  self->funcs->regain (self->user_data);
}

/**
 * channels_idle_regained:
 * @self: what ends a node
 * @regained: whether the node has the name again; otherwise the next one has it
 * @now: µs
 */
void
channels_idle_regained (ChannelsIdle *self, gboolean regained, gint64 now)
{
  if (self->state != IDLE_REGAINING)
    return;

  if (!regained)
    {
      end (self);
      return;
    }

  self->funcs->resume (self->user_data);
  watch (self, now);
}
