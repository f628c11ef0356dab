/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ChannelsRedisComplaint:
 * @last: µs, monotonic: when the log was last told; 0: never
 * @n: how often there was reason to, since the beginning
 *
 * Something that may go wrong a thousand times a second, and is said in the log once a minute. A
 * plain value, zero at first.
 */
typedef struct
{
  gint64 last;
  guint n;
} ChannelsRedisComplaint;

gboolean channels_redis_complaint_is_due (ChannelsRedisComplaint *self);

G_END_DECLS
