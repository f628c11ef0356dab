/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-idle.h"

/* Redis' `timeout` is in whole seconds: with the shortest it closes what is idle for more than one,
 * and one that is pinged twice a second is not. */
#define SILENCE_MIN G_TIME_SPAN_SECOND
#define HEARTBEAT_MIN (500 * G_TIME_SPAN_MILLISECOND)

/* It looks about once a second, so a silence that it ended may have been three times as long as the
 * one that it allows. */
#define PART 4

/**
 * channels_redis_idle_closed:
 * @self: what is known
 * @host: where that was, for the log
 * @silent: µs for which nothing went to and fro before it closed the connection
 *
 * Redis has closed a connection on which it owes no answer: because that was idle, or because it
 * ends itself, which the next attempt to connect tells. The log is told once a minute.
 *
 * Returns: whether it may have been idle for too long
 */
gboolean
channels_redis_idle_closed (ChannelsRedisIdle *self, const char *host, gint64 silent)
{
  gint64 heartbeat;

  if (silent < SILENCE_MIN)
    return FALSE;

  heartbeat = MAX (silent / PART, HEARTBEAT_MIN);
  self->heartbeat = self->heartbeat > 0 ? MIN (self->heartbeat, heartbeat) : heartbeat;
  if (channels_redis_complaint_is_due (&self->closed))
    g_message ("%s closed a connection that was idle for %.1f s", host,
               (double) silent / G_TIME_SPAN_SECOND);

  return TRUE;
}

/**
 * channels_redis_idle_forget:
 * @self: what is known
 *
 * Another reason was found why the connection was closed.
 */
void
channels_redis_idle_forget (ChannelsRedisIdle *self)
{
  self->heartbeat = 0;
}

/**
 * channels_redis_idle_get_heartbeat:
 * @self: what is known
 * @heartbeat: µs: the longest
 *
 * Returns: µs: silence after which Redis is to be pinged
 */
gint64
channels_redis_idle_get_heartbeat (const ChannelsRedisIdle *self, gint64 heartbeat)
{
  return self->heartbeat > 0 ? MIN (self->heartbeat, heartbeat) : heartbeat;
}
