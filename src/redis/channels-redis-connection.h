/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "channels-redis-address.h"
#include "channels-redis-stream.h"

G_BEGIN_DECLS

/**
 * ChannelsRedisConnectionMode:
 * @CHANNELS_REDIS_CONNECTION_COMMANDS: for every command but those that subscribe
 * @CHANNELS_REDIS_CONNECTION_SUBSCRIBER: for commands that subscribe or unsubscribe, and what they
 * bring
 */
typedef enum
{
  CHANNELS_REDIS_CONNECTION_COMMANDS,
  CHANNELS_REDIS_CONNECTION_SUBSCRIBER,
} ChannelsRedisConnectionMode;

/**
 * ChannelsRedisConnectionOptions:
 * @connect_timeout: for TCP and TLS together
 * @sentinel_timeout: for the connection to each Sentinel, and for its answer
 * @command_timeout: for the answers to our own commands: login and PING
 * @heartbeat: silence after which Redis is pinged, if it owes no answer anyway
 * @silence: silence after which it is gone; longer than any command blocks
 * @backoff_floor: the shortest wait before it is connected to again
 * @backoff_ceiling: the longest
 * @refused_floor: the shortest where it does not let us in
 * @health: after being up for so long the waits begin anew with the shortest
 *
 * Times, each in µs and > 0. A plain value; channels_redis_connection_options_init() has those that
 * are right outside tests.
 */
typedef struct
{
  gint64 connect_timeout;
  gint64 sentinel_timeout;
  gint64 command_timeout;
  gint64 heartbeat;
  gint64 silence;
  gint64 backoff_floor;
  gint64 backoff_ceiling;
  gint64 refused_floor;
  gint64 health;
} ChannelsRedisConnectionOptions;

/**
 * ChannelsRedisMessageFunc:
 * @channel: the channel of Redis that it was published to
 * @payload: what was published
 * @user_data: (closure): what was given with the function
 *
 * Somebody published something.
 */
typedef void (*ChannelsRedisMessageFunc) (const char *channel, GBytes *payload, gpointer user_data);

void channels_redis_connection_options_init (ChannelsRedisConnectionOptions *self);

#define CHANNELS_TYPE_REDIS_CONNECTION (channels_redis_connection_get_type ())
G_DECLARE_FINAL_TYPE (ChannelsRedisConnection,
                      channels_redis_connection,
                      CHANNELS,
                      REDIS_CONNECTION,
                      GObject)

ChannelsRedisConnection *
channels_redis_connection_new (const ChannelsRedisAddress *address,
                               ChannelsRedisConnectionMode mode,
                               const ChannelsRedisConnectionOptions *options);

void channels_redis_connection_set_message_func (ChannelsRedisConnection *self,
                                                 ChannelsRedisMessageFunc func,
                                                 gpointer user_data);

gboolean channels_redis_connection_is_up (ChannelsRedisConnection *self);

gboolean channels_redis_connection_is_refused (ChannelsRedisConnection *self);

void channels_redis_connection_set_held (ChannelsRedisConnection *self, gboolean held);

guint channels_redis_connection_get_n_commands (ChannelsRedisConnection *self);

void channels_redis_connection_command_async (ChannelsRedisConnection *self,
                                              guint argc,
                                              const char *const *argv,
                                              const gsize *lengths,
                                              gint64 timeout,
                                              GCancellable *cancellable,
                                              GAsyncReadyCallback callback,
                                              gpointer user_data);

ChannelsRedisReply *channels_redis_connection_command_finish (ChannelsRedisConnection *self,
                                                              GAsyncResult *result,
                                                              GError **error);

void channels_redis_connection_close (ChannelsRedisConnection *self);

G_END_DECLS
