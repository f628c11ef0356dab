/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-rate.h"

#define TOKEN G_USEC_PER_SEC

/**
 * channels_rate_init:
 * @self: (out caller-allocates): a rate
 * @per_second: how many a second; 0 for no limit
 * @burst: how many at once
 * @now: µs, monotonic
 *
 * Starts with a full bucket.
 */
void
channels_rate_init (ChannelsRate *self, guint per_second, guint burst, gint64 now)
{
  self->per_second = per_second;
  self->burst = burst;
  self->tokens = (gint64) burst * TOKEN;
  self->updated = now;
}

/**
 * channels_rate_take:
 * @self: a rate
 * @now: µs, monotonic
 *
 * Takes one token, if there is one.
 *
 * Returns: `TRUE` if this one is within the rate
 */
gboolean
channels_rate_take (ChannelsRate *self, gint64 now)
{
  gint64 full = (gint64) self->burst * TOKEN;
  gint64 elapsed = now - self->updated;

  if (self->per_second == 0)
    return TRUE;

  /* In the time that fills the bucket: no product of a long silence overflows. */
  if (elapsed >= full / self->per_second)
    self->tokens = full;
  else if (elapsed > 0)
    self->tokens = MIN (full, self->tokens + elapsed * self->per_second);
  self->updated = MAX (self->updated, now);

  if (self->tokens < TOKEN)
    return FALSE;

  self->tokens -= TOKEN;
  return TRUE;
}
