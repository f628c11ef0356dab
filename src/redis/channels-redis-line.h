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
 * @size: bytes of their events
 *
 * What is sent, in order; see `channels-redis-line.c`. A plain value, zero at first.
 */
typedef struct
{
  GQueue turns;
  gsize size;
} ChannelsRedisLine;

/**
 * ChannelsRedisTurn:
 * @link: in the line
 * @owner: (unowned): whose line that is
 * @send: (owned): told how it ended
 * @event: (owned): the event
 * @size: bytes of it
 * @channel: (owned) (nullable): where it goes; `NULL`: to a group
 * @members: (owned) (nullable): of the group, once Redis has answered
 * @error: (owned) (nullable): why they are not known
 *
 * One event in a line: ready if it is for a channel, or if its members or the error is here.
 */
typedef struct
{
  GList link;
  gpointer owner;
  ChannelsRedisSend *send;
  ChannelsEvent *event;
  gsize size;
  char *channel;
  ChannelsRedisReply *members;
  GError *error;
} ChannelsRedisTurn;

ChannelsRedisTurn *channels_redis_line_join (ChannelsRedisLine *self,
                                             ChannelsEvent *event,
                                             ChannelsRedisSend *send,
                                             GError **error);

ChannelsRedisTurn *channels_redis_line_take (ChannelsRedisLine *self);

void channels_redis_turn_free (ChannelsRedisTurn *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsRedisTurn, channels_redis_turn_free)

G_END_DECLS
