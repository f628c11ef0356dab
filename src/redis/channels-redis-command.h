/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "channels-redis-reader.h"

G_BEGIN_DECLS

/* Private to a stream: a command under way. */
typedef struct
{
  GList link;      /* in the stream's queue */
  GTask *task;     /* (owned) (nullable): `NULL` where nobody waits, or no longer */
  GSource *cancel; /* (owned) (nullable): of the task's cancellable */
  guint n_replies; /* that are still to come, > 0 */
  gint64 due;      /* µs, monotonic: no earlier than that of the command before */
} ChannelsRedisCommand;

ChannelsRedisCommand *
channels_redis_command_new (guint argc, const char *const *argv, const gsize *lengths, GTask *task);

void channels_redis_command_complete (ChannelsRedisCommand *self,
                                      ChannelsRedisReply *reply,
                                      const GError *error);

G_END_DECLS
