/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define CHANNELS_DESKTOP_TITLE_MAX 128 /* characters */
#define CHANNELS_DESKTOP_BODY_MAX 1024 /* characters */

/**
 * ChannelsDesktopNotification:
 * @title: (owned): one line of plain text, not empty
 * @body: (owned): plain text, maybe of several lines, maybe empty
 *
 * What is to be said to whoever sits at the desktop.
 */
typedef struct
{
  char *title;
  char *body;
} ChannelsDesktopNotification;

ChannelsDesktopNotification *channels_desktop_notification_new (GVariant *value, GError **error);

void channels_desktop_notification_free (ChannelsDesktopNotification *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsDesktopNotification, channels_desktop_notification_free)

G_END_DECLS
