/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-absence.h"

#include "channels-desktop-notifier.h"
#include "channels-desktop-opener.h"
#include "channels-hub.h"
#include "channels-names.h"
#include "channels-systemd.h"

#include <string.h>

/* The page's rooms: data/page/page.js and channels.js. */
#define ROOM_PREFIX "chat_"
#define ROOM_PATH_FORMAT "/ws/chat/%s/"
#define DEFAULT_ROOM_PATH "/ws/chat/"

/**
 * ChannelsAbsence:
 *
 * What becomes of an event for a group in which nobody is here: where it has a `notification` and
 * the group's route allows it, the desktop shows that, and a click opens the page of the group.
 *
 * It stands behind the hub, which asks only where there is no member, and looks at no event that
 * has no such member. A browser's has none: it sends what goes into `message`, from within a group.
 */
struct _ChannelsAbsence
{
  ChannelsNode *node;                /* (owned) */
  GDBusConnection *connection;       /* (owned) */
  ChannelsDesktopNotifier *notifier; /* (owned) */
  ChannelsConfig *config;            /* (owned): by which the hub watches */
};

static ChannelsRouter *
get_router (ChannelsAbsence *self)
{
  return channels_config_get_router (channels_node_get_config (self->node));
}

/* The room of the page that is @group; NULL where the page has none that leads there. */
static const char *
find_room (ChannelsAbsence *self, const char *group)
{
  const char *room = group + strlen (ROOM_PREFIX);
  g_autofree char *path = NULL;
  g_autofree char *found = NULL;
  ChannelsConsumerKind consumer;

  if (!g_str_has_prefix (group, ROOM_PREFIX) || g_str_equal (room, ".") || g_str_equal (room, ".."))
    return NULL;

  path = g_str_equal (group, CHANNELS_DEFAULT_GROUP) ? g_strdup (DEFAULT_ROOM_PATH)
                                                     : g_strdup_printf (ROOM_PATH_FORMAT, room);
  if (!channels_router_match (get_router (self), path, &found, &consumer) ||
      !g_str_equal (found, group) || consumer != CHANNELS_CONSUMER_CHAT)
    return NULL;

  return room;
}

static gboolean
can_open (const char *group, gpointer user_data)
{
  return find_room (user_data, group) != NULL;
}

static void
open_page (const char *group, const char *token, gpointer user_data)
{
  ChannelsAbsence *self = user_data;
  const char *const command[] = { BINDIR "/channelsctl", "open", group, NULL };
  g_auto (GStrv) urls =
      channels_server_get_urls (channels_node_get_server (self->node), "http", "/");
  const char *room = find_room (self, group);
  g_autofree char *url = NULL;

  if (room == NULL || urls[0] == NULL)
    {
      g_message ("there is no page of %s any more", group);
      return;
    }

  url = g_strdup_printf ("%s#%s", urls[0], room);
  channels_desktop_open (self->connection, url, token,
                         channels_systemd_is_unit () ? command : NULL);
}

static const ChannelsDesktopNotifierFuncs notifier_funcs = {
  .can_open = can_open,
  .open = open_page,
};

static gboolean
is_allowed (ChannelsAbsence *self, const char *group, ChannelsHubSource source)
{
  ChannelsNotifications notifications =
      channels_router_get_notifications (get_router (self), group);

  return notifications == CHANNELS_NOTIFICATIONS_ALL ||
         (notifications == CHANNELS_NOTIFICATIONS_OWN && source == CHANNELS_HUB_SOURCE_HERE);
}

static void
on_absence (const char *group, ChannelsEvent *event, ChannelsHubSource source, gpointer user_data)
{
  ChannelsAbsence *self = user_data;
  g_autoptr (GVariant) value = channels_event_lookup_extra (event, CHANNELS_EVENT_KEY_NOTIFICATION);
  g_autoptr (GError) error = NULL;
  ChannelsDesktopNotification *notification;

  if (value == NULL || !is_allowed (self, group, source))
    return;

  notification = channels_desktop_notification_new (value, &error);
  if (notification != NULL)
    channels_desktop_notifier_show (self->notifier, group, notification);
  else
    g_debug ("no notification for %s: %s", group, error->message);
}

static void
on_node_changed (ChannelsAbsence *self)
{
  ChannelsConfig *config = channels_node_get_config (self->node);
  g_auto (GStrv) watched = NULL;

  if (config == self->config)
    return;

  g_clear_pointer (&self->config, channels_config_unref);
  self->config = channels_config_ref (config);
  watched = channels_router_list_watched (channels_config_get_router (config));
  channels_hub_watch (channels_node_get_hub (self->node), (const char *const *) watched);
}

/**
 * channels_absence_new:
 * @node: a node
 * @connection: to the session bus
 *
 * Returns: (transfer full): what shows notifications for @node from now on
 */
ChannelsAbsence *
channels_absence_new (ChannelsNode *node, GDBusConnection *connection)
{
  ChannelsAbsence *self = g_new0 (ChannelsAbsence, 1);

  self->node = g_object_ref (node);
  self->connection = g_object_ref (connection);
  self->notifier = channels_desktop_notifier_new (connection, &notifier_funcs, self);
  channels_hub_set_absence_func (channels_node_get_hub (node), on_absence, self);
  g_signal_connect_swapped (node, "changed", G_CALLBACK (on_node_changed), self);
  on_node_changed (self);

  return self;
}

/**
 * channels_absence_free:
 * @self: (nullable) (transfer full): what showed notifications for a node
 */
void
channels_absence_free (ChannelsAbsence *self)
{
  if (self == NULL)
    return;

  g_signal_handlers_disconnect_by_data (self->node, self);
  channels_hub_set_absence_func (channels_node_get_hub (self->node), NULL, NULL);
  channels_desktop_notifier_close (self->notifier);
  g_object_unref (self->notifier);
  g_object_unref (self->connection);
  channels_config_unref (self->config);
  g_object_unref (self->node);
  g_free (self);
}

/**
 * channels_absence_get_last_used:
 * @self: what shows notifications
 *
 * Returns: when it was last of use, in µs of the monotonic clock; `G_MAXINT64` while a notification
 * is shown or waits
 */
gint64
channels_absence_get_last_used (ChannelsAbsence *self)
{
  return channels_desktop_notifier_get_last_used (self->notifier);
}
