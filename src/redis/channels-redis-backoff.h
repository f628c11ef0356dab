/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ChannelsRedisBackoff:
 *
 * How long to wait before the next attempt: a random time, whose ceiling doubles with each that
 * fails. A plain value; see `channels-redis-backoff.c`.
 */
typedef struct
{
  gint64 floor;   /* µs */
  gint64 ceiling; /* µs: of all waits */
  guint failures; /* since it was last reset */
} ChannelsRedisBackoff;

void channels_redis_backoff_init (ChannelsRedisBackoff *self, gint64 floor, gint64 ceiling);

void channels_redis_backoff_reset (ChannelsRedisBackoff *self);

gint64 channels_redis_backoff_next (ChannelsRedisBackoff *self);

G_END_DECLS
