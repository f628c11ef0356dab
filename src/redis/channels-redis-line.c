/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-line.h"

#include "channels-error.h"
#include "channels-redis-stream.h"

/* What goes to a group waits until the members are here, and what goes to a channel waits for
 * nothing; the hosts that are asked for members answer at different times. So all of it stands in
 * one line, and nobody overtakes: what a program sends first is heard first, whatever host it goes
 * by. A host that says nothing keeps the others waiting until it is given up, and no longer.
 *
 * The line is as long as that of the commands of one connection, and as heavy: the question for a
 * group's members is short, and says nothing of the event that waits for the answer. */

/**
 * channels_redis_line_join:
 * @self: a line
 * @event: an event
 * @send: (transfer full): told how that ended; not if this fails
 * @error: return location for a `GError`, or `NULL`
 *
 * Puts an event behind those that wait. Fails with `CHANNELS_ERROR_LAYER_UNAVAILABLE` where too
 * much waits, and with the error of an event that has no MessagePack.
 *
 * Returns: (transfer none) (nullable): its turn, which the line has; `NULL` with @error set
 */
ChannelsRedisTurn *
channels_redis_line_join (ChannelsRedisLine *self,
                          ChannelsEvent *event,
                          ChannelsRedisSend *send,
                          GError **error)
{
  GBytes *map = channels_event_get_msgpack (event, error);
  ChannelsRedisTurn *turn;

  if (map == NULL)
    return NULL;

  if (self->turns.length >= CHANNELS_REDIS_COMMANDS_MAX ||
      self->size + g_bytes_get_size (map) > CHANNELS_REDIS_UNSENT_MAX)
    {
      g_set_error_literal (error, CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE,
                           "too much waits for Redis");
      return NULL;
    }

  turn = g_new0 (ChannelsRedisTurn, 1);
  turn->link.data = turn;
  turn->send = send;
  turn->event = channels_event_ref (event);
  turn->size = g_bytes_get_size (map);
  g_queue_push_tail_link (&self->turns, &turn->link);
  self->size += turn->size;

  return turn;
}

/**
 * channels_redis_line_take:
 * @self: a line
 *
 * Returns: (transfer full) (nullable): the first, if it is ready; its send is to be ended
 */
ChannelsRedisTurn *
channels_redis_line_take (ChannelsRedisLine *self)
{
  ChannelsRedisTurn *turn = g_queue_peek_head (&self->turns);

  if (turn == NULL || (turn->channel == NULL && turn->members == NULL && turn->error == NULL))
    return NULL;

  g_queue_unlink (&self->turns, &turn->link);
  self->size -= turn->size;
  return turn;
}

/**
 * channels_redis_turn_free:
 * @self: (transfer full): one that is in no line, and whose send has been ended
 */
void
channels_redis_turn_free (ChannelsRedisTurn *self)
{
  channels_event_unref (self->event);
  g_free (self->channel);
  g_clear_pointer (&self->members, channels_redis_reply_free);
  g_clear_error (&self->error);
  g_free (self);
}
