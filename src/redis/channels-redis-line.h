/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-event.h"
#include "channels-redis-reader.h"
#include "channels-redis-send.h"

G_BEGIN_DECLS

/**
 * ChannelsRedisLine:
 * @turns: (element-type ChannelsRedisTurn) (owned): the first to go first
 * @open: (element-type utf8 ChannelsRedisTurn) (owned): by groups, those that have room for more
 * @n_events: in all of them
 * @size: bytes of those
 *
 * What is sent, in order; see `channels-redis-line.c`. A plain value.
 */
typedef struct
{
  GQueue turns;
  GHashTable *open;
  guint n_events;
  gsize size;
} ChannelsRedisLine;

/**
 * ChannelsRedisTurn:
 * @link: in the line
 * @owner: (unowned): whose line that is
 * @events: (element-type ChannelsEvent) (owned): one or more
 * @sends: (element-type ChannelsRedisSend) (owned): for each who is told how it ended
 * @size: bytes of the events
 * @group: (owned) (nullable): where they go; `NULL`: to a channel
 * @channel: (owned) (nullable): where it goes; `NULL`: to a group
 * @members: (owned) (nullable): of the group, once Redis has answered
 * @bundle: (owned) (nullable): a message with all events, for whoever takes it out
 * @error: (owned) (nullable): why they are not known
 *
 * Events that go together.
 */
typedef struct
{
  GList link;
  gpointer owner;
  GPtrArray *events;
  GPtrArray *sends;
  gsize size;
  char *group;
  char *channel;
  ChannelsRedisReply *members;
  GBytes *bundle;
  GError *error;
} ChannelsRedisTurn;

void channels_redis_line_init (ChannelsRedisLine *self);

void channels_redis_line_clear (ChannelsRedisLine *self);

ChannelsRedisTurn *channels_redis_line_join_for_group (ChannelsRedisLine *self,
                                                       const char *group,
                                                       ChannelsEvent *event,
                                                       ChannelsRedisSend *send);

ChannelsRedisTurn *channels_redis_line_join_for_channel (ChannelsRedisLine *self,
                                                         const char *channel,
                                                         ChannelsEvent *event,
                                                         ChannelsRedisSend *send);

gboolean channels_redis_line_is_open (ChannelsRedisLine *self, ChannelsRedisTurn *turn);

ChannelsRedisTurn *channels_redis_line_peek (ChannelsRedisLine *self);

ChannelsRedisTurn *channels_redis_line_take (ChannelsRedisLine *self);

void channels_redis_turn_end (ChannelsRedisTurn *self, const GError *error);

G_END_DECLS
