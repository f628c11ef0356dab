/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-complaint.h"

#define INTERVAL (60 * G_TIME_SPAN_SECOND)

/**
 * channels_redis_complaint_is_due:
 * @self: a complaint that there is reason for, once more
 *
 * Returns: whether the log is to be told this time
 */
gboolean
channels_redis_complaint_is_due (ChannelsRedisComplaint *self)
{
  gint64 now = g_get_monotonic_time ();

  self->n++;
  if (self->last != 0 && now - self->last < INTERVAL)
    return FALSE;

  self->last = now;
  return TRUE;
}
