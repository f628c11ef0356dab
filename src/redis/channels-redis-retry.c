/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-retry.h"

#include "channels-redis-timer.h"

/* A Redis in trouble - without memory, say - is not to be asked for everything all the time. */
#define WAIT_MIN (500 * G_TIME_SPAN_MILLISECOND)
#define WAIT_MAX (10 * G_TIME_SPAN_SECOND)

/**
 * channels_redis_retry_init:
 * @self: uninitialised memory
 * @name: a string literal, for debugging
 * @func: called when it is to be tried again
 * @user_data: (closure): passed to @func
 */
void
channels_redis_retry_init (ChannelsRedisRetry *self,
                           const char *name,
                           GSourceFunc func,
                           gpointer user_data)
{
  *self = (ChannelsRedisRetry){ .timer = channels_redis_timer_new (name, func, user_data) };
  channels_redis_backoff_init (&self->backoff, WAIT_MIN, WAIT_MAX);
}

/**
 * channels_redis_retry_clear:
 * @self: a retry; to clear twice is to clear once
 *
 * It is not tried again.
 */
void
channels_redis_retry_clear (ChannelsRedisRetry *self)
{
  channels_redis_timer_clear (&self->timer);
}

/**
 * channels_redis_retry_refused:
 * @self: a retry that was not cleared
 * @what: what was not done, for the log
 * @error: why
 *
 * It is tried again after a wait that grows; one that has begun is not made longer. The log is told
 * once a minute.
 */
void
channels_redis_retry_refused (ChannelsRedisRetry *self, const char *what, const GError *error)
{
  if (channels_redis_complaint_is_due (&self->complaint))
    g_message ("%s: %s", what, error->message);

  if (g_source_get_ready_time (self->timer) < 0)
    g_source_set_ready_time (self->timer, g_get_monotonic_time () +
                                              channels_redis_backoff_next (&self->backoff));
}

/**
 * channels_redis_retry_done:
 * @self: a retry that was not cleared
 *
 * It was done, or is begun anew: there is nothing to wait for, and the next wait will be short.
 */
void
channels_redis_retry_done (ChannelsRedisRetry *self)
{
  channels_redis_backoff_reset (&self->backoff);
  g_source_set_ready_time (self->timer, -1);
}
