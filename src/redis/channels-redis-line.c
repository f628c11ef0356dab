/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-line.h"

#include "channels-error.h"
#include "channels-redis-batches.h"
#include "channels-redis-stream.h"

/* What goes to a group waits until the members are here, and what goes to a channel waits for
 * nothing; the hosts that are asked for members answer at different times. So all of it stands in
 * one line, and nobody overtakes: what a program sends first is heard first, whatever host it goes
 * by. A host that says nothing keeps the others waiting until it is given up, and no longer.
 *
 * What is sent to a group before its members are asked for goes in one turn, and so in front of
 * what was sent to other groups since the first of it. Nobody joins a turn that something for a
 * channel stands behind.
 *
 * What goes by the group script stands here only as long as something for a channel does.
 *
 * The line is as long as that of the commands of one connection, and as heavy: the question for a
 * group's members is short, and says nothing of the events that wait for the answer. */

/**
 * channels_redis_line_init:
 * @self: uninitialised memory
 */
void
channels_redis_line_init (ChannelsRedisLine *self)
{
  *self = (ChannelsRedisLine){ .open = g_hash_table_new (g_str_hash, g_str_equal) };
}

/**
 * channels_redis_line_clear:
 * @self: a line in which nobody stands
 */
void
channels_redis_line_clear (ChannelsRedisLine *self)
{
  g_assert (g_queue_is_empty (&self->turns));
  g_clear_pointer (&self->open, g_hash_table_unref);
}

static ChannelsRedisTurn *
turn_new (ChannelsRedisLine *self)
{
  ChannelsRedisTurn *turn = g_new0 (ChannelsRedisTurn, 1);

  turn->link.data = turn;
  turn->events = g_ptr_array_new_with_free_func ((GDestroyNotify) channels_event_unref);
  turn->sends = g_ptr_array_new ();
  g_queue_push_tail_link (&self->turns, &turn->link);

  return turn;
}

/* Its size; -1, and the send has ended, where the line does not take it. */
static gssize
check_event (ChannelsRedisLine *self, ChannelsEvent *event, ChannelsRedisSend *send)
{
  g_autoptr (GError) error = NULL;
  GBytes *map = channels_event_get_msgpack (event, &error);

  if (map != NULL && (self->n_events >= CHANNELS_REDIS_COMMANDS_MAX ||
                      self->size + g_bytes_get_size (map) > CHANNELS_REDIS_UNSENT_MAX))
    error = g_error_new_literal (CHANNELS_ERROR, CHANNELS_ERROR_LAYER_UNAVAILABLE,
                                 "too much waits for Redis");
  if (error == NULL)
    return (gssize) g_bytes_get_size (map);

  channels_redis_send_end_part (send, 0, error);
  return -1;
}

static void
add (ChannelsRedisLine *self,
     ChannelsRedisTurn *turn,
     ChannelsEvent *event,
     gssize size,
     ChannelsRedisSend *send)
{
  g_ptr_array_add (turn->events, channels_event_ref (event));
  g_ptr_array_add (turn->sends, send);
  turn->size += (gsize) size;
  self->n_events++;
  self->size += (gsize) size;
}

/**
 * channels_redis_line_join_for_group:
 * @self: a line
 * @group: a group's name
 * @event: an event
 * @send: (transfer full): told how that ended: with `CHANNELS_ERROR_LAYER_UNAVAILABLE` where too
 * much waits, and with the error of an event that has no MessagePack
 *
 * Puts an event behind those that wait, in a turn with others for the same group where one is open.
 * A turn stays open until it is as large as it may be, or the caller removes it from `open`; then
 * the members are to be asked for.
 *
 * Returns: (transfer none) (nullable): its turn, which the line has; `NULL` where it has none
 */
ChannelsRedisTurn *
channels_redis_line_join_for_group (ChannelsRedisLine *self,
                                    const char *group,
                                    ChannelsEvent *event,
                                    ChannelsRedisSend *send)
{
  gssize size = check_event (self, event, send);
  ChannelsRedisTurn *turn;

  if (size < 0)
    return NULL;

  turn = g_hash_table_lookup (self->open, group);
  if (turn == NULL)
    {
      turn = turn_new (self);
      turn->group = g_strdup (group);
      g_hash_table_insert (self->open, turn->group, turn);
    }
  add (self, turn, event, size, send);
  if (turn->events->len == CHANNELS_REDIS_PAYLOADS_MAX ||
      turn->size >= CHANNELS_REDIS_PAYLOADS_SIZE)
    g_hash_table_remove (self->open, group);

  return turn;
}

/**
 * channels_redis_line_join_for_channel:
 * @self: a line in which no turn is open
 * @channel: a channel's name
 * @event: an event
 * @send: (transfer full): as with channels_redis_line_join_for_group()
 *
 * Puts an event behind those that wait.
 *
 * Returns: (transfer none) (nullable): its turn, which the line has; `NULL` where it has none
 */
ChannelsRedisTurn *
channels_redis_line_join_for_channel (ChannelsRedisLine *self,
                                      const char *channel,
                                      ChannelsEvent *event,
                                      ChannelsRedisSend *send)
{
  gssize size = check_event (self, event, send);
  ChannelsRedisTurn *turn;

  g_assert (g_hash_table_size (self->open) == 0);

  if (size < 0)
    return NULL;

  turn = turn_new (self);
  turn->channel = g_strdup (channel);
  add (self, turn, event, size, send);

  return turn;
}

/**
 * channels_redis_line_is_open:
 * @self: a line
 * @turn: one for a group
 *
 * Returns: whether further events may join it
 */
gboolean
channels_redis_line_is_open (ChannelsRedisLine *self, ChannelsRedisTurn *turn)
{
  return g_hash_table_lookup (self->open, turn->group) == turn;
}

/**
 * channels_redis_line_peek:
 * @self: a line
 *
 * Returns: (transfer none) (nullable): the first turn
 */
ChannelsRedisTurn *
channels_redis_line_peek (ChannelsRedisLine *self)
{
  return g_queue_peek_head (&self->turns);
}

/**
 * channels_redis_line_take:
 * @self: a line in which somebody stands
 *
 * Returns: (transfer full): the first turn, which nobody joins any more: see
 * channels_redis_turn_end()
 */
ChannelsRedisTurn *
channels_redis_line_take (ChannelsRedisLine *self)
{
  ChannelsRedisTurn *turn = g_queue_peek_head (&self->turns);

  if (turn->group != NULL && channels_redis_line_is_open (self, turn))
    g_hash_table_remove (self->open, turn->group);
  g_queue_unlink (&self->turns, &turn->link);
  self->n_events -= turn->events->len;
  self->size -= turn->size;
  return turn;
}

/**
 * channels_redis_turn_end:
 * @self: (transfer full): a turn that was taken out
 * @error: (nullable): why it was not sent, or not all of it
 *
 * Ends it, and this part of its sends.
 */
void
channels_redis_turn_end (ChannelsRedisTurn *self, const GError *error)
{
  for (guint i = 0; i < self->sends->len; i++)
    channels_redis_send_end_part (g_ptr_array_index (self->sends, i), 0, error);

  g_ptr_array_unref (self->events);
  g_ptr_array_unref (self->sends);
  g_free (self->group);
  g_free (self->channel);
  g_clear_pointer (&self->members, channels_redis_reply_free);
  g_clear_pointer (&self->bundle, g_bytes_unref);
  g_clear_error (&self->error);
  g_free (self);
}
