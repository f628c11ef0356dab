/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-member.h"

G_DEFINE_INTERFACE (ChannelsMember, channels_member, G_TYPE_OBJECT)

static void
channels_member_default_init (ChannelsMemberInterface *iface)
{
}

/**
 * channels_member_deliver:
 * @self: a member
 * @group: (nullable): the group that @event was sent to; `NULL` if it was sent to the channel
 * itself
 * @event: the event; the member takes a reference of its own if it keeps it
 *
 * Hands an event to a member, which neither blocks nor fails: what it cannot take it drops, and
 * says so by what it returns.
 *
 * Returns: how many channels it was handed to
 */
guint
channels_member_deliver (ChannelsMember *self, const char *group, ChannelsEvent *event)
{
  return CHANNELS_MEMBER_GET_IFACE (self)->deliver (self, group, event);
}

/**
 * channels_member_when_ready:
 * @self: a member
 * @func: (scope async): called once, where this returns `TRUE`
 * @user_data: (closure): passed to @func
 *
 * Asks for the time to send more. A member takes what it is sent at any time; who sends faster than
 * it hands on has others wait for their turn.
 *
 * Returns: `FALSE` if that is now, `TRUE` if @func will be called then, or when the member ends
 */
gboolean
channels_member_when_ready (ChannelsMember *self, ChannelsMemberReadyFunc func, gpointer user_data)
{
  ChannelsMemberInterface *iface = CHANNELS_MEMBER_GET_IFACE (self);

  return iface->when_ready != NULL && iface->when_ready (self, func, user_data);
}

/**
 * channels_member_get_size:
 * @self: a member
 * @group: a group that it is in
 *
 * Returns: how many channels it has in @group
 */
guint
channels_member_get_size (ChannelsMember *self, const char *group)
{
  return CHANNELS_MEMBER_GET_IFACE (self)->get_size (self, group);
}

/**
 * channels_member_list:
 * @self: a member
 * @group: a group that it is in
 * @func: (scope call): called once for each of its channels in @group
 * @user_data: (closure): passed to @func
 *
 * Tells who is there.
 */
void
channels_member_list (ChannelsMember *self,
                      const char *group,
                      ChannelsMemberFunc func,
                      gpointer user_data)
{
  CHANNELS_MEMBER_GET_IFACE (self)->list (self, group, func, user_data);
}

/**
 * channels_member_disconnect:
 * @self: a member with a channel of its own
 * @code: a WebSocket close code
 * @reason: (nullable): UTF-8, at most 123 bytes
 * @error: return location for a `GError`, or `NULL`
 *
 * Ends the conversation with it. Fails with `CHANNELS_ERROR_NOT_ALLOWED` where there is none to
 * end.
 *
 * Returns: `TRUE` if it is being closed, `FALSE` with @error set otherwise
 */
gboolean
channels_member_disconnect (ChannelsMember *self, guint16 code, const char *reason, GError **error)
{
  return CHANNELS_MEMBER_GET_IFACE (self)->disconnect (self, code, reason, error);
}
