/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-backoff.h"

/* Doublings after which the ceiling of all waits is reached with any sensible floor. */
#define DOUBLINGS_MAX 20

/* Full jitter: a Redis that comes back is met by its nodes one after the other, and not by all of
 * them at once. */

/**
 * channels_redis_backoff_init:
 * @self: uninitialised memory
 * @floor: µs, > 0: the shortest wait
 * @ceiling: µs: the longest
 *
 * Starts without a failure.
 */
void
channels_redis_backoff_init (ChannelsRedisBackoff *self, gint64 floor, gint64 ceiling)
{
  self->floor = floor;
  self->ceiling = MAX (floor, ceiling);
  self->failures = 0;
}

/**
 * channels_redis_backoff_reset:
 * @self: a back-off
 *
 * Forgets all failures.
 */
void
channels_redis_backoff_reset (ChannelsRedisBackoff *self)
{
  self->failures = 0;
}

/**
 * channels_redis_backoff_next:
 * @self: a back-off
 *
 * Counts a failure. The n-th since the last reset (from 0) is followed by a wait between the floor
 * and twice the floor times 2^n, or the ceiling.
 *
 * Returns: µs to wait
 */
gint64
channels_redis_backoff_next (ChannelsRedisBackoff *self)
{
  gint64 most = MIN (self->ceiling, (2 * self->floor) << self->failures);

  if (self->failures < DOUBLINGS_MAX)
    self->failures++;

  return self->floor + (gint64) (g_random_double () * (double) (most - self->floor));
}
