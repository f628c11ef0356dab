/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-redis-backoff.h"
#include "channels-redis-complaint.h"

G_BEGIN_DECLS

/**
 * ChannelsRedisRetry:
 * @timer: (owned) (nullable): the end of the wait; `NULL` once it was cleared
 * @backoff: how long that is
 * @complaint: what the log is told
 *
 * Something that Redis may refuse while the connection holds. A plain value; see
 * `channels-redis-retry.c`.
 */
typedef struct
{
  GSource *timer;
  ChannelsRedisBackoff backoff;
  ChannelsRedisComplaint complaint;
} ChannelsRedisRetry;

void channels_redis_retry_init (ChannelsRedisRetry *self,
                                const char *name,
                                GSourceFunc func,
                                gpointer user_data);

void channels_redis_retry_clear (ChannelsRedisRetry *self);

void channels_redis_retry_refused (ChannelsRedisRetry *self, const char *what, const GError *error);

void channels_redis_retry_done (ChannelsRedisRetry *self);

G_END_DECLS
