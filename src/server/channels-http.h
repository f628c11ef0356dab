/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-router.h"
#include "channels-socket.h"

G_BEGIN_DECLS

#define CHANNELS_TYPE_HTTP (channels_http_get_type ())
G_DECLARE_FINAL_TYPE (ChannelsHttp, channels_http, CHANNELS, HTTP, GObject)

/**
 * ChannelsHttpUpgradedFunc:
 * @socket: a socket that speaks WebSocket from now on
 * @early: (nullable): what the browser sent behind its request
 * @group: the group that its route leads to
 * @kind: its route's consumer
 * @user_data: (closure): what was given with the function
 */
typedef void (*ChannelsHttpUpgradedFunc) (ChannelsSocket *socket,
                                          GBytes *early,
                                          const char *group,
                                          ChannelsConsumerKind kind,
                                          gpointer user_data);

ChannelsHttp *channels_http_new (ChannelsHttpUpgradedFunc upgraded, gpointer user_data);

void
channels_http_serve (ChannelsHttp *self, ChannelsSocket *socket, guint16 port, const char *origin);

void channels_http_upgrade (ChannelsHttp *self,
                            ChannelsSocket *socket,
                            guint16 port,
                            GBytes *early,
                            const char *group,
                            ChannelsConsumerKind kind);

G_END_DECLS
