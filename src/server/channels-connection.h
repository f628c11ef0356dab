/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-audience.h"
#include "channels-hub.h"
#include "channels-limits.h"
#include "channels-poller.h"
#include "channels-socket.h"

G_BEGIN_DECLS

#define CHANNELS_TYPE_CONNECTION (channels_connection_get_type ())
G_DECLARE_FINAL_TYPE (ChannelsConnection, channels_connection, CHANNELS, CONNECTION, GObject)

/**
 * ChannelsConnectionClosedFunc:
 * @connection: a connection that is closed, and has left
 * @user_data: (closure): what was given with the function
 */
typedef void (*ChannelsConnectionClosedFunc) (ChannelsConnection *connection, gpointer user_data);

ChannelsConnection *channels_connection_new (ChannelsHub *hub,
                                             ChannelsPoller *poller,
                                             const ChannelsLimits *limits,
                                             ChannelsSocket *socket,
                                             GBytes *early,
                                             ChannelsAudience *audience);

void channels_connection_set_closed_func (ChannelsConnection *self,
                                          ChannelsConnectionClosedFunc func,
                                          gpointer user_data);

ChannelsAudience *channels_connection_get_audience (ChannelsConnection *self);

void channels_connection_close (ChannelsConnection *self, guint16 code, const char *reason);

G_END_DECLS
