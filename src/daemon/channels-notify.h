/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _ChannelsNotify ChannelsNotify;

/**
 * ChannelsNotifyStatusFunc:
 * @user_data: (closure): what was given with the function
 *
 * Returns: (transfer full): one line of how things are
 */
typedef char *(*ChannelsNotifyStatusFunc) (gpointer user_data);

ChannelsNotify *channels_notify_new (ChannelsNotifyStatusFunc status, gpointer user_data);

void channels_notify_free (ChannelsNotify *self);

void channels_notify_ready (ChannelsNotify *self);

void channels_notify_reloading (ChannelsNotify *self);

void channels_notify_stopping (ChannelsNotify *self);

void channels_notify_changed (ChannelsNotify *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsNotify, channels_notify_free)

G_END_DECLS
