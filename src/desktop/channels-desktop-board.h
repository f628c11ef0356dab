/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-desktop-notification.h"

G_BEGIN_DECLS

#define CHANNELS_DESKTOP_GROUPS_MAX 32                     /* that have a notification at a time */
#define CHANNELS_DESKTOP_GROUP_INTERVAL G_TIME_SPAN_SECOND /* µs between two of one group */
#define CHANNELS_DESKTOP_RATE 2                            /* a second, of all groups */
#define CHANNELS_DESKTOP_BURST 8                           /* at once, of all groups */

/**
 * ChannelsDesktopNote:
 * @group: (owned): the group's name
 * @id: what the desktop calls its notification; 0: it shows none
 * @token: (owned) (nullable): for the window that a click opens
 * @latest: (owned) (nullable): what waits to be shown
 * @sent: when something was given to the desktop last, in µs, monotonic
 * @is_sending: whether the desktop has not answered that yet
 *
 * One group's notification.
 */
typedef struct
{
  char *group;
  guint32 id;
  char *token;
  ChannelsDesktopNotification *latest;
  gint64 sent;
  gboolean is_sending;
} ChannelsDesktopNote;

typedef struct _ChannelsDesktopBoard ChannelsDesktopBoard;

ChannelsDesktopBoard *channels_desktop_board_new (gint64 now);

void channels_desktop_board_free (ChannelsDesktopBoard *self);

gboolean channels_desktop_board_put (ChannelsDesktopBoard *self,
                                     const char *group,
                                     ChannelsDesktopNotification *notification,
                                     guint32 *out_evicted);

gboolean channels_desktop_board_is_empty (ChannelsDesktopBoard *self);

gboolean channels_desktop_board_is_waiting (ChannelsDesktopBoard *self);

ChannelsDesktopNote *channels_desktop_board_next (ChannelsDesktopBoard *self,
                                                  gint64 now,
                                                  ChannelsDesktopNotification **out_notification);

void channels_desktop_board_sent (ChannelsDesktopBoard *self, const char *group, guint32 id);

ChannelsDesktopNote *channels_desktop_board_find (ChannelsDesktopBoard *self, guint32 id);

void channels_desktop_board_closed (ChannelsDesktopBoard *self, guint32 id);

void channels_desktop_board_forget_waiting (ChannelsDesktopBoard *self);

void channels_desktop_board_forget_shown (ChannelsDesktopBoard *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsDesktopBoard, channels_desktop_board_free)

G_END_DECLS
