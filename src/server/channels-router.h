/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define CHANNELS_ROUTE_ROOM_MAX 64 /* bytes that one {name} matches */

/**
 * ChannelsConsumerKind:
 * @CHANNELS_CONSUMER_CHAT: `Consumer=chat`
 * @CHANNELS_CONSUMER_ECHO: `Consumer=echo`
 *
 * What a route's messages mean.
 */
typedef enum
{
  CHANNELS_CONSUMER_CHAT,
  CHANNELS_CONSUMER_ECHO,
} ChannelsConsumerKind;

/**
 * ChannelsRouterError:
 * @CHANNELS_ROUTER_ERROR_PATH: the route's `Path` is not of the form that it must have
 * @CHANNELS_ROUTER_ERROR_GROUP: its `Group` is not
 *
 * Which key of a route is wrong.
 */
typedef enum
{
  CHANNELS_ROUTER_ERROR_PATH,
  CHANNELS_ROUTER_ERROR_GROUP,
} ChannelsRouterError;

#define CHANNELS_ROUTER_ERROR (channels_router_error_quark ())
GQuark channels_router_error_quark (void);

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

gboolean channels_consumer_kind_from_string (const char *name, ChannelsConsumerKind *out_kind);

gboolean channels_router_add (ChannelsRouter *self,
                              const char *path,
                              const char *group,
                              ChannelsConsumerKind consumer,
                              GError **error);

gboolean channels_router_match (ChannelsRouter *self,
                                const char *path,
                                char **out_group,
                                ChannelsConsumerKind *out_consumer);

char *channels_router_find_path (ChannelsRouter *self, const char *group);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsRouter, channels_router_unref)

G_END_DECLS
