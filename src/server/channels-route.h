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
 * ChannelsNotifications:
 * @CHANNELS_NOTIFICATIONS_NONE: `Notifications=false`
 * @CHANNELS_NOTIFICATIONS_OWN: `Notifications=true`: of this session
 * @CHANNELS_NOTIFICATIONS_ALL: `Notifications=all`: of other nodes too
 *
 * Whose events may become a desktop notification where nobody is in the route's group.
 */
typedef enum
{
  CHANNELS_NOTIFICATIONS_NONE,
  CHANNELS_NOTIFICATIONS_OWN,
  CHANNELS_NOTIFICATIONS_ALL,
} ChannelsNotifications;

/**
 * ChannelsRouterError:
 * @CHANNELS_ROUTER_ERROR_PATH: the route's `Path` is not of the form that it must have
 * @CHANNELS_ROUTER_ERROR_GROUP: its `Group` is not
 * @CHANNELS_ROUTER_ERROR_NOTIFICATIONS: its `Notifications` does not go with its `Group`
 *
 * Which key of a route is wrong.
 */
typedef enum
{
  CHANNELS_ROUTER_ERROR_PATH,
  CHANNELS_ROUTER_ERROR_GROUP,
  CHANNELS_ROUTER_ERROR_NOTIFICATIONS,
} ChannelsRouterError;

#define CHANNELS_ROUTER_ERROR (channels_router_error_quark ())
GQuark channels_router_error_quark (void);

/**
 * ChannelsRoute:
 * @segments: (owned): of the path: literal, or `{name}`; the slashes taken off
 * @n_names: how many of the segments are a `{name}`
 * @group_prefix: (owned): what the group's name begins with; all of it where it has no `{name}`
 * @group_segment: which segment's `{name}` comes next, or #CHANNELS_ROUTE_NO_SEGMENT
 * @group_suffix: (owned): what stands behind; empty where there is none
 * @consumer: what its messages mean
 * @notifications: whose events may become a notification
 *
 * One route: which paths lead to which group.
 */
typedef struct
{
  char **segments;
  guint n_names;
  char *group_prefix;
  guint group_segment;
  char *group_suffix;
  ChannelsConsumerKind consumer;
  ChannelsNotifications notifications;
} ChannelsRoute;

#define CHANNELS_ROUTE_NO_SEGMENT G_MAXUINT

gboolean channels_consumer_kind_from_string (const char *name, ChannelsConsumerKind *out_kind);

gboolean channels_notifications_from_string (const char *name, ChannelsNotifications *out_value);

ChannelsRoute *channels_route_new (const char *path, const char *group, GError **error);

void channels_route_free (ChannelsRoute *self);

gboolean channels_route_matches (const ChannelsRoute *self,
                                 const char *path,
                                 const char **out_room,
                                 gsize *out_length);

char *channels_route_make_group (const ChannelsRoute *self, const char *room, gsize length);

char *channels_route_find_path (const ChannelsRoute *self, const char *group);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsRoute, channels_route_free)

G_END_DECLS
