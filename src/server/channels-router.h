/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

#include "channels-route.h"

G_BEGIN_DECLS

/**
 * ChannelsRouter:
 *
 * Which path leads to which group and consumer. The first route that matches wins.
 */
typedef struct _ChannelsRouter ChannelsRouter;

ChannelsRouter *channels_router_new (void);

ChannelsRouter *channels_router_new_default (void);

ChannelsRouter *channels_router_ref (ChannelsRouter *self);

void channels_router_unref (ChannelsRouter *self);

gboolean channels_router_add (ChannelsRouter *self,
                              const char *path,
                              const char *group,
                              ChannelsConsumerKind consumer,
                              GError **error);

gboolean channels_router_set_notifications (ChannelsRouter *self,
                                            ChannelsNotifications notifications,
                                            GError **error);

ChannelsNotifications channels_router_get_notifications (ChannelsRouter *self, const char *group);

char **channels_router_list_watched (ChannelsRouter *self);

gboolean channels_router_match (ChannelsRouter *self,
                                const char *path,
                                char **out_group,
                                ChannelsConsumerKind *out_consumer);

char *channels_router_find_path (ChannelsRouter *self, const char *group);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsRouter, channels_router_unref)

G_END_DECLS
