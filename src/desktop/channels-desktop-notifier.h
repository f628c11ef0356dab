/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "channels-desktop-notification.h"

G_BEGIN_DECLS

#define CHANNELS_TYPE_DESKTOP_NOTIFIER (channels_desktop_notifier_get_type ())
G_DECLARE_FINAL_TYPE (ChannelsDesktopNotifier,
                      channels_desktop_notifier,
                      CHANNELS,
                      DESKTOP_NOTIFIER,
                      GObject)

/**
 * ChannelsDesktopNotifierFuncs:
 * @can_open: whether a click on a notification of `group` would lead anywhere
 * @open: somebody has clicked on that of `group`; `token` (nullable) lets a window that opens for
 *   it come to the front
 *
 * What becomes of a click.
 */
typedef struct
{
  gboolean (*can_open) (const char *group, gpointer user_data);
  void (*open) (const char *group, const char *token, gpointer user_data);
} ChannelsDesktopNotifierFuncs;

ChannelsDesktopNotifier *channels_desktop_notifier_new (GDBusConnection *connection,
                                                        const ChannelsDesktopNotifierFuncs *funcs,
                                                        gpointer user_data);

void channels_desktop_notifier_show (ChannelsDesktopNotifier *self,
                                     const char *group,
                                     ChannelsDesktopNotification *notification);

gint64 channels_desktop_notifier_get_last_used (ChannelsDesktopNotifier *self);

void channels_desktop_notifier_close (ChannelsDesktopNotifier *self);

G_END_DECLS
