/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-router.h"

#include "channels-names.h"

#include <string.h>

struct _ChannelsRouter
{
  GPtrArray *routes; /* (element-type ChannelsRoute) (owned) the first that matches wins */
};

/**
 * channels_router_new:
 *
 * Returns: (transfer full): a router without routes
 */
ChannelsRouter *
channels_router_new (void)
{
  ChannelsRouter *self = g_rc_box_new0 (ChannelsRouter);

  self->routes = g_ptr_array_new_with_free_func ((GDestroyNotify) channels_route_free);

  return self;
}

/**
 * channels_router_new_default:
 *
 * The tutorial's two routes: `/ws/chat/ROOM/` leads to the group `chat_ROOM`, and `/ws/chat/` to
 * `chat_chat_room`.
 *
 * Returns: (transfer full): a router with both
 */
ChannelsRouter *
channels_router_new_default (void)
{
  ChannelsRouter *self = channels_router_new ();

  channels_router_add (self, "/ws/chat/{room}/", "chat_{room}", CHANNELS_CONSUMER_CHAT, NULL);
  channels_router_add (self, "/ws/chat/", "chat_chat_room", CHANNELS_CONSUMER_CHAT, NULL);

  return self;
}

/**
 * channels_router_ref:
 * @self: a router
 *
 * Not to be shared between threads.
 *
 * Returns: (transfer full): @self
 */
ChannelsRouter *
channels_router_ref (ChannelsRouter *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return g_rc_box_acquire (self);
}

static void
router_clear (ChannelsRouter *self)
{
  g_ptr_array_unref (self->routes);
}

/**
 * channels_router_unref:
 * @self: (transfer full) (nullable): a router
 */
void
channels_router_unref (ChannelsRouter *self)
{
  if (self != NULL)
    g_rc_box_release_full (self, (GDestroyNotify) router_clear);
}

/**
 * channels_router_add:
 * @self: a router
 * @path: template of the paths: literal segments, and whole segments `{name}`
 * @group: template of the group: literal, or with one `{name}` of the path
 * @consumer: what the route's messages mean
 * @error: return location for a `GError`, or `NULL`
 *
 * Adds a route behind those that are there. A `{name}` matches 1 to 64 ASCII letters, digits,
 * `_`, `-` and `.`. Its notifications are those of this session.
 *
 * Fails with `CHANNELS_ROUTER_ERROR_PATH` or `CHANNELS_ROUTER_ERROR_GROUP`, having added nothing,
 * if a template is malformed, @path is one of the service's own pages, or the group's name could be
 * longer than 99 bytes.
 *
 * Returns: `TRUE` if the route is there now, `FALSE` with @error set otherwise
 */
gboolean
channels_router_add (ChannelsRouter *self,
                     const char *path,
                     const char *group,
                     ChannelsConsumerKind consumer,
                     GError **error)
{
  ChannelsRoute *route;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (path != NULL, FALSE);
  g_return_val_if_fail (group != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  route = channels_route_new (path, group, error);
  if (route == NULL)
    return FALSE;

  route->consumer = consumer;
  g_ptr_array_add (self->routes, route);

  return TRUE;
}

/**
 * channels_router_set_notifications:
 * @self: a router with a route
 * @notifications: whose events may become a notification
 * @error: return location for a `GError`, or `NULL`
 *
 * Sets it for the route that was added last.
 *
 * Fails with `CHANNELS_ROUTER_ERROR_NOTIFICATIONS`, having changed nothing, if those of other nodes
 * are wanted for a group with a `{name}`: this node is in groups that it has heard of, and nobody
 * tells it of one in which nobody is.
 *
 * Returns: `TRUE` if it holds now, `FALSE` with @error set otherwise
 */
gboolean
channels_router_set_notifications (ChannelsRouter *self,
                                   ChannelsNotifications notifications,
                                   GError **error)
{
  ChannelsRoute *route;

  g_return_val_if_fail (self != NULL && self->routes->len > 0, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  route = g_ptr_array_index (self->routes, self->routes->len - 1);
  if (notifications == CHANNELS_NOTIFICATIONS_ALL &&
      route->group_segment != CHANNELS_ROUTE_NO_SEGMENT)
    {
      g_set_error_literal (
          error, CHANNELS_ROUTER_ERROR, CHANNELS_ROUTER_ERROR_NOTIFICATIONS,
          "“all” goes with a group without a “{name}” only: what other nodes send to "
          "another one does not come here while nobody is in it");
      return FALSE;
    }

  route->notifications = notifications;
  return TRUE;
}

/**
 * channels_router_match:
 * @self: a router
 * @path: a request's path, percent-encoding as it came
 * @out_group: (out) (transfer full): the group that it leads to
 * @out_consumer: (out): what its messages mean
 *
 * Finds the first route that @path fits. Nothing is decoded: a percent sign never fits, not even
 * where it stands for a letter, so that one group has one path.
 *
 * Returns: `TRUE` if there is one
 */
gboolean
channels_router_match (ChannelsRouter *self,
                       const char *path,
                       char **out_group,
                       ChannelsConsumerKind *out_consumer)
{
  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (path != NULL, FALSE);
  g_return_val_if_fail (out_group != NULL, FALSE);
  g_return_val_if_fail (out_consumer != NULL, FALSE);

  for (guint i = 0; i < self->routes->len; i++)
    {
      const ChannelsRoute *route = g_ptr_array_index (self->routes, i);
      const char *room = "";
      gsize length = 0;

      if (channels_route_matches (route, path, &room, &length))
        {
          *out_group = channels_route_make_group (route, room, length);
          *out_consumer = route->consumer;
          return TRUE;
        }
    }

  return FALSE;
}

static gboolean
leads_to (ChannelsRouter *self, const char *path, const char *group)
{
  g_autofree char *found = NULL;
  ChannelsConsumerKind ignored;

  return channels_router_match (self, path, &found, &ignored) && strcmp (found, group) == 0;
}

/* The route that leads to @group, and (transfer full) the path that it does so by. */
static const ChannelsRoute *
find_route (ChannelsRouter *self, const char *group, char **out_path)
{
  for (guint with_names = 0; with_names < 2; with_names++)
    {
      for (guint i = 0; i < self->routes->len; i++)
        {
          const ChannelsRoute *route = g_ptr_array_index (self->routes, i);
          g_autofree char *path = NULL;

          if ((route->n_names > 0) == (with_names > 0))
            path = channels_route_find_path (route, group);
          if (path != NULL && leads_to (self, path, group))
            {
              *out_path = g_steal_pointer (&path);
              return route;
            }
        }
    }

  return NULL;
}

static char *
find_any_path (ChannelsRouter *self)
{
  char *path = channels_router_find_path (self, CHANNELS_DEFAULT_GROUP);

  for (guint i = 0; path == NULL && i < self->routes->len; i++)
    {
      const ChannelsRoute *route = g_ptr_array_index (self->routes, i);

      if (route->n_names == 0)
        path = channels_router_find_path (self, route->group_prefix);
    }

  return path;
}

/**
 * channels_router_find_path:
 * @self: a router
 * @group: (nullable): a group's name; `NULL` for any: `chat_chat_room`, or where no way leads
 * there, the first that a route without a `{name}` leads to
 *
 * Looks for the way to a group: the first route without a `{name}` that leads there, else the
 * first with one. Routes that another one stands in front of do not count.
 *
 * Returns: (transfer full) (nullable): a path, or `NULL` if none leads to @group
 */
char *
channels_router_find_path (ChannelsRouter *self, const char *group)
{
  char *path = NULL;

  g_return_val_if_fail (self != NULL, NULL);

  if (group == NULL)
    return find_any_path (self);

  find_route (self, group, &path);

  return path;
}

/**
 * channels_router_get_notifications:
 * @self: a router
 * @group: a group's name
 *
 * Returns: whose events for @group may become a notification, as the route says by which
 * channels_router_find_path() would go; none where no route leads there
 */
ChannelsNotifications
channels_router_get_notifications (ChannelsRouter *self, const char *group)
{
  g_autofree char *path = NULL;
  const ChannelsRoute *route;

  g_return_val_if_fail (self != NULL, CHANNELS_NOTIFICATIONS_NONE);
  g_return_val_if_fail (group != NULL, CHANNELS_NOTIFICATIONS_NONE);

  route = find_route (self, group, &path);
  return route != NULL ? route->notifications : CHANNELS_NOTIFICATIONS_NONE;
}

/**
 * channels_router_list_watched:
 * @self: a router
 *
 * Returns: (transfer full) (array zero-terminated=1): the groups, each once, whose notifications
 * are to come from other nodes too
 */
char **
channels_router_list_watched (ChannelsRouter *self)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GStrvBuilder) groups = g_strv_builder_new ();

  g_return_val_if_fail (self != NULL, NULL);

  for (guint i = 0; i < self->routes->len; i++)
    {
      const ChannelsRoute *route = g_ptr_array_index (self->routes, i);

      if (route->notifications == CHANNELS_NOTIFICATIONS_ALL &&
          channels_router_get_notifications (self, route->group_prefix) ==
              CHANNELS_NOTIFICATIONS_ALL &&
          g_hash_table_add (seen, route->group_prefix))
        g_strv_builder_add (groups, route->group_prefix);
    }

  return g_strv_builder_end (groups);
}
