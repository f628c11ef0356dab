/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "channels-door.h"
#include "channels-guard.h"
#include "channels-hub.h"
#include "channels-limits.h"
#include "channels-router.h"

G_BEGIN_DECLS

#define CHANNELS_TYPE_SERVER (channels_server_get_type ())
G_DECLARE_FINAL_TYPE (ChannelsServer, channels_server, CHANNELS, SERVER, GObject)

ChannelsServer *channels_server_new (ChannelsHub *hub,
                                     const ChannelsLimits *limits,
                                     ChannelsRouter *router,
                                     ChannelsGuard *guard,
                                     gboolean allow_other_users,
                                     GError **error);

gboolean channels_server_change (ChannelsServer *self,
                                 const ChannelsLimits *limits,
                                 ChannelsRouter *router,
                                 ChannelsGuard *guard,
                                 gboolean allow_other_users,
                                 GError **error);

ChannelsDoor *channels_server_get_door (ChannelsServer *self);

gint64 channels_server_get_last_used (ChannelsServer *self);

gboolean
channels_server_listen (ChannelsServer *self, const char *address, guint16 port, GError **error);

char **channels_server_get_urls (ChannelsServer *self, const char *scheme, const char *path);

guint channels_server_get_connections (ChannelsServer *self);

char *channels_server_mint_ticket (ChannelsServer *self,
                                   const char *owner,
                                   const char *const *groups,
                                   const char *origin,
                                   guint seconds,
                                   char **out_url,
                                   GError **error);

void channels_server_stop (ChannelsServer *self,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);

gboolean channels_server_stop_finish (ChannelsServer *self, GAsyncResult *result, GError **error);

G_END_DECLS
