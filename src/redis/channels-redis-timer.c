/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-timer.h"

/* A source that is ready at the moment that was last set, and at no other: it rests until
 * g_source_set_ready_time() is called, and again once it was dispatched. It is safe to clear from
 * within its own callback, which may therefore drop whoever owns it. */

static gboolean
timer_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  g_source_set_ready_time (source, -1);
  callback (user_data);

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs timer_funcs = { .dispatch = timer_dispatch };

/**
 * channels_redis_timer_new:
 * @name: a string literal, for debugging
 * @func: called when the time is there; what it returns means nothing
 * @user_data: (closure): passed to @func
 *
 * Returns: (transfer full): a timer that rests, attached to the thread's default context
 */
GSource *
channels_redis_timer_new (const char *name, GSourceFunc func, gpointer user_data)
{
  GSource *timer = g_source_new (&timer_funcs, sizeof (GSource));

  g_source_set_static_name (timer, name);
  g_source_set_callback (timer, func, user_data, NULL);
  g_source_attach (timer, g_main_context_get_thread_default ());

  return timer;
}

/**
 * channels_redis_timer_clear:
 * @timer: (inout) (nullable): where a timer, or any other source, or `NULL` stands
 *
 * Stops it and lets go of it; `NULL` stands there then.
 */
void
channels_redis_timer_clear (GSource **timer)
{
  if (*timer == NULL)
    return;

  g_source_destroy (*timer);
  g_source_unref (g_steal_pointer (timer));
}
