/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "channels-bus-service.h"
#include "channels-config.h"
#include "channels-hub.h"
#include "channels-identity.h"
#include "channels-layer.h"
#include "channels-server.h"

G_BEGIN_DECLS

#define CHANNELS_TYPE_NODE (channels_node_get_type ())
G_DECLARE_FINAL_TYPE (ChannelsNode, channels_node, CHANNELS, NODE, GObject)

ChannelsNode *channels_node_new (ChannelsConfig *config,
                                 ChannelsLayer *layer,
                                 ChannelsIdentity *identity,
                                 GError **error);

ChannelsConfig *channels_node_get_config (ChannelsNode *self);

ChannelsHub *channels_node_get_hub (ChannelsNode *self);

ChannelsServer *channels_node_get_server (ChannelsNode *self);

ChannelsBusService *channels_node_get_service (ChannelsNode *self);

gboolean channels_node_listen (ChannelsNode *self, GPtrArray *sockets, GError **error);

void channels_node_print_urls (ChannelsNode *self);

char *channels_node_describe (ChannelsNode *self);

gint64 channels_node_get_last_used (ChannelsNode *self);

void channels_node_change (ChannelsNode *self,
                           ChannelsConfig *config,
                           GAsyncReadyCallback callback,
                           gpointer user_data);

gboolean channels_node_change_finish (ChannelsNode *self, GAsyncResult *result, GError **error);

void channels_node_stop (ChannelsNode *self, GAsyncReadyCallback callback, gpointer user_data);

void channels_node_stop_finish (ChannelsNode *self, GAsyncResult *result);

G_END_DECLS
