/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-redis-connection.h"
#include "channels-redis-settings.h"
#include "channels-test-wait.h"

G_BEGIN_DECLS

/* A connection, and what it told. */
typedef struct
{
  ChannelsRedisConnection *connection; /* (owned) */
  guint n_up;
  guint n_down;
  GPtrArray *messages; /* (element-type utf8) (owned): each "channel payload" */
} RedisClient;

/* What became of one command. */
typedef struct
{
  ChannelsRedisReply *reply; /* (owned) (nullable) */
  GError *error;             /* (owned) (nullable) */
  guint n_calls;             /* of the callback */
} RedisAnswer;

/* Adds the host that @url names. */
void redis_settings_add_url (ChannelsRedisSettings *settings, const char *url);

/* Long enough for any machine: where a test wants a time-out it has its own. */
#define REDIS_PATIENCE (30 * G_TIME_SPAN_SECOND)

/* Times so short that no test waits for them, where Redis lies in the same process. */
void redis_options_init_short (ChannelsRedisConnectionOptions *options);

RedisClient *redis_client_new (const char *url,
                               ChannelsRedisConnectionMode mode,
                               const ChannelsRedisConnectionOptions *options);

/* One for commands with short times, by the server's Unix socket, that is up. */
RedisClient *redis_client_new_up (const char *socket);

/* Checks as well that nothing holds the connection any longer. */
void redis_client_free (RedisClient *self);

/* Sends a command of words that a space splits; @answer is filled in when it is there. */
void redis_client_send (RedisClient *self, const char *command, RedisAnswer *answer);

void redis_client_send_cancellable (RedisClient *self,
                                    const char *command,
                                    gint64 timeout,
                                    GCancellable *cancellable,
                                    RedisAnswer *answer);

/* Sends it and waits for the answer. */
void redis_client_call (RedisClient *self, const char *command, RedisAnswer *answer);

/* Sends it and waits until it has succeeded. */
void redis_client_run (RedisClient *self, const char *command);

void redis_answer_clear (RedisAnswer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RedisClient, redis_client_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RedisAnswer, redis_answer_clear)

G_END_DECLS
