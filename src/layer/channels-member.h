/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "channels-event.h"

G_BEGIN_DECLS

#define CHANNELS_TYPE_MEMBER (channels_member_get_type ())
G_DECLARE_INTERFACE (ChannelsMember, channels_member, CHANNELS, MEMBER, GObject)

/**
 * ChannelsMemberFunc:
 * @channel: the channel's name
 * @kind: `websocket` or `bus`
 * @joined: µs since the epoch
 * @user_data: (closure): what was given with the function
 */
typedef void (*ChannelsMemberFunc) (const char *channel,
                                    const char *kind,
                                    gint64 joined,
                                    gpointer user_data);

/**
 * ChannelsMemberReadyFunc:
 * @user_data: (closure): what was given with the function
 */
typedef void (*ChannelsMemberReadyFunc) (gpointer user_data);

/**
 * ChannelsMemberInterface:
 * @deliver: takes an event that was sent to `group`, or, where that is `NULL`, to the channel
 * itself; returns how many channels it was handed to. May not change who is in a group before it
 * returns
 * @when_ready: (nullable): where it has more to hand on than it should, returns `TRUE` and calls
 * `func` once when that is not so any more, or at its end; it is always ready where this is `NULL`
 * @get_size: how many channels it has in `group`
 * @list: calls `func` once for each of them
 * @disconnect: ends the conversation with the one that has the channel; fails with
 *   `CHANNELS_ERROR_NOT_ALLOWED` where it is none that can be ended
 *
 * Whoever is in a group on this node.
 */
struct _ChannelsMemberInterface
{
  GTypeInterface parent_iface;

  guint (*deliver) (ChannelsMember *self, const char *group, ChannelsEvent *event);
  gboolean (*when_ready) (ChannelsMember *self, ChannelsMemberReadyFunc func, gpointer user_data);
  guint (*get_size) (ChannelsMember *self, const char *group);
  void (*list) (ChannelsMember *self,
                const char *group,
                ChannelsMemberFunc func,
                gpointer user_data);
  gboolean (*disconnect) (ChannelsMember *self, guint16 code, const char *reason, GError **error);
};

guint channels_member_deliver (ChannelsMember *self, const char *group, ChannelsEvent *event);

gboolean
channels_member_when_ready (ChannelsMember *self, ChannelsMemberReadyFunc func, gpointer user_data);

guint channels_member_get_size (ChannelsMember *self, const char *group);

void channels_member_list (ChannelsMember *self,
                           const char *group,
                           ChannelsMemberFunc func,
                           gpointer user_data);

gboolean
channels_member_disconnect (ChannelsMember *self, guint16 code, const char *reason, GError **error);

G_END_DECLS
