/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-poller.h"

G_BEGIN_DECLS

#define CHANNELS_TYPE_LISTENER (channels_listener_get_type ())
G_DECLARE_FINAL_TYPE (ChannelsListener, channels_listener, CHANNELS, LISTENER, GObject)

/**
 * ChannelsListenerFunc:
 * @fd: (transfer full): a connected, non-blocking socket
 * @port: the port that it was accepted on; 0 for a Unix socket
 * @user_data: (closure): what was given with the function
 *
 * Takes a new connection.
 */
typedef void (*ChannelsListenerFunc) (int fd, guint16 port, gpointer user_data);

ChannelsListener *channels_listener_new (ChannelsPoller *poller,
                                         const char *address,
                                         guint16 port,
                                         ChannelsListenerFunc func,
                                         gpointer user_data,
                                         GError **error);

ChannelsListener *channels_listener_new_local (ChannelsPoller *poller,
                                               GSocket *socket,
                                               ChannelsListenerFunc func,
                                               gpointer user_data,
                                               GError **error);

ChannelsListener *channels_listener_new_adopted (ChannelsPoller *poller,
                                                 GSocket *socket,
                                                 ChannelsListenerFunc func,
                                                 gpointer user_data,
                                                 GError **error);

gboolean channels_listener_is_adopted (ChannelsListener *self);

GInetSocketAddress *channels_listener_get_address (ChannelsListener *self);

gboolean channels_listener_pause (ChannelsListener *self);

gboolean channels_listener_resume (ChannelsListener *self, GError **error);

void channels_listener_close (ChannelsListener *self);

G_END_DECLS
