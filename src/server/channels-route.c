/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-route.h"

#include "channels-names.h"
#include "channels-page.h"
#include "channels-request-head.h"

#include <string.h>

/* A path's template is cut at its slashes once, when it is added; a path that is asked for is
 * walked along it, and nothing is allocated until one fits.
 *
 * A group's name has room for one {name} only, so its template is kept as what stands before the
 * {name}, which segment of the path that is, and what stands behind. */
G_STATIC_ASSERT (2 * CHANNELS_ROUTE_ROOM_MAX > CHANNELS_NAME_MAX);

#define NAME_BYTES G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_."
#define LITERAL_BYTES NAME_BYTES "~!$&'()*+,;=:@" /* RFC 3986's pchar, without the percent sign */

G_DEFINE_QUARK (channels_router_error_quark, channels_router_error)

static gboolean
fail (GError **error, ChannelsRouterError code, const char *why)
{
  g_set_error_literal (error, CHANNELS_ROUTER_ERROR, (int) code, why);
  return FALSE;
}

static gboolean
is_placeholder (const char *segment)
{
  return segment[0] == '{';
}

/* A room, as {name} matches it. */
static gboolean
is_room (const char *text, gsize length)
{
  return length > 0 && length <= CHANNELS_ROUTE_ROOM_MAX && strspn (text, NAME_BYTES) >= length;
}

/* Whether @segment is {name}, with a name of [a-z][a-z0-9_]*. */
static gboolean
is_good_placeholder (const char *segment)
{
  gsize length = strlen (segment);

  return length > 2 && segment[0] == '{' && g_ascii_islower (segment[1]) &&
         1 + strspn (segment + 1, G_CSET_a_2_z G_CSET_DIGITS "_") == length - 1 &&
         segment[length - 1] == '}';
}

/* Whether @path is one of the service's own, which is looked for before the routes. */
static gboolean
is_page (const char *path)
{
  const char *content_type;
  g_autoptr (GBytes) page = channels_page_find (path, &content_type);

  return page != NULL;
}

static gboolean
parse_path (ChannelsRoute *self, const char *path, GError **error)
{
  if (path[0] != '/' || strlen (path) > CHANNELS_REQUEST_TARGET_MAX)
    return fail (error, CHANNELS_ROUTER_ERROR_PATH,
                 "a path begins with “/” and has at most 2048 bytes");
  if (is_page (path))
    return fail (error, CHANNELS_ROUTER_ERROR_PATH,
                 "the path of one of the service's own pages leads nowhere else");

  self->segments = g_strsplit (path + 1, "/", -1);

  for (guint i = 0; self->segments[i] != NULL; i++)
    {
      const char *segment = self->segments[i];

      if (is_placeholder (segment))
        {
          if (!is_good_placeholder (segment))
            return fail (error, CHANNELS_ROUTER_ERROR_PATH,
                         "“{name}” stands for a whole segment of a path; its name begins with a "
                         "letter, and has lower-case letters, digits and “_”");
          for (guint j = 0; j < i; j++)
            {
              if (strcmp (self->segments[j], segment) == 0)
                return fail (error, CHANNELS_ROUTER_ERROR_PATH,
                             "a path has each “{name}” once only");
            }
          self->n_names++;
        }
      else if (segment[0] == '\0' && self->segments[i + 1] != NULL)
        return fail (error, CHANNELS_ROUTER_ERROR_PATH, "a path has no empty segment but the last");
      else if (segment[strspn (segment, LITERAL_BYTES)] != '\0')
        return fail (error, CHANNELS_ROUTER_ERROR_PATH,
                     "a path has letters, digits, “-._~!$&'()*+,;=:@” and “{name}” between its "
                     "slashes");
    }

  return TRUE;
}

static guint
find_segment (const ChannelsRoute *self, const char *placeholder, gsize length)
{
  for (guint i = 0; self->segments[i] != NULL; i++)
    {
      if (strlen (self->segments[i]) == length &&
          strncmp (self->segments[i], placeholder, length) == 0)
        return i;
    }

  return CHANNELS_ROUTE_NO_SEGMENT;
}

static gboolean
parse_group (ChannelsRoute *self, const char *group, GError **error)
{
  const char *open = strchr (group, '{');
  const char *close = open != NULL ? strchr (open, '}') : NULL;
  gsize longest;

  self->group_segment = CHANNELS_ROUTE_NO_SEGMENT;
  if (close != NULL)
    {
      self->group_segment = find_segment (self, open, close + 1 - open);
      if (self->group_segment == CHANNELS_ROUTE_NO_SEGMENT)
        return fail (error, CHANNELS_ROUTER_ERROR_GROUP,
                     "a group's “{name}” is one that the path has");
    }

  self->group_prefix = close != NULL ? g_strndup (group, open - group) : g_strdup (group);
  self->group_suffix = g_strdup (close != NULL ? close + 1 : "");

  longest = strlen (self->group_prefix) + strlen (self->group_suffix) +
            (close != NULL ? CHANNELS_ROUTE_ROOM_MAX : 0);
  if (strchr (self->group_suffix, '{') != NULL)
    return fail (error, CHANNELS_ROUTER_ERROR_GROUP, "a group's name has room for one “{name}”");
  if (self->group_prefix[strspn (self->group_prefix, NAME_BYTES)] != '\0' ||
      self->group_suffix[strspn (self->group_suffix, NAME_BYTES)] != '\0')
    return fail (error, CHANNELS_ROUTER_ERROR_GROUP,
                 "a group's name has letters, digits, “-”, “_”, “.” and a “{name}” of the path");
  if (longest == 0 || longest > CHANNELS_NAME_MAX)
    return fail (error, CHANNELS_ROUTER_ERROR_GROUP,
                 "a group's name has 1 to 99 bytes, with 64 for a “{name}”");

  return TRUE;
}

static gboolean
find_name (const char *const *names, const char *name, guint *out_index)
{
  for (guint i = 0; names[i] != NULL; i++)
    {
      if (strcmp (name, names[i]) == 0)
        {
          *out_index = i;
          return TRUE;
        }
    }

  return FALSE;
}

/**
 * channels_consumer_kind_from_string:
 * @name: as a route's `Consumer` has it
 * @out_kind: (out): which one it is
 *
 * Returns: `TRUE` if there is a consumer of that name
 */
gboolean
channels_consumer_kind_from_string (const char *name, ChannelsConsumerKind *out_kind)
{
  static const char *const names[] = {
    [CHANNELS_CONSUMER_CHAT] = "chat",
    [CHANNELS_CONSUMER_ECHO] = "echo",
    NULL,
  };
  guint index;

  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (out_kind != NULL, FALSE);

  if (!find_name (names, name, &index))
    return FALSE;

  *out_kind = (ChannelsConsumerKind) index;
  return TRUE;
}

/**
 * channels_notifications_from_string:
 * @name: as a route's `Notifications` has it
 * @out_value: (out): what it means
 *
 * Returns: `TRUE` if there is such a value
 */
gboolean
channels_notifications_from_string (const char *name, ChannelsNotifications *out_value)
{
  static const char *const names[] = {
    [CHANNELS_NOTIFICATIONS_NONE] = "false",
    [CHANNELS_NOTIFICATIONS_OWN] = "true",
    [CHANNELS_NOTIFICATIONS_ALL] = "all",
    NULL,
  };
  guint index;

  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (out_value != NULL, FALSE);

  if (!find_name (names, name, &index))
    return FALSE;

  *out_value = (ChannelsNotifications) index;
  return TRUE;
}

/**
 * channels_route_new:
 * @path: template of the paths
 * @group: template of the group
 * @error: return location for a `GError`, or `NULL`
 *
 * Makes a chat route, whose notifications are those of this session. Fails as channels_router_add()
 * does.
 *
 * Returns: (transfer full): a route, or `NULL` with @error set
 */
ChannelsRoute *
channels_route_new (const char *path, const char *group, GError **error)
{
  g_autoptr (ChannelsRoute) self = g_new0 (ChannelsRoute, 1);

  self->consumer = CHANNELS_CONSUMER_CHAT;
  self->notifications = CHANNELS_NOTIFICATIONS_OWN;

  return parse_path (self, path, error) && parse_group (self, group, error)
             ? g_steal_pointer (&self)
             : NULL;
}

/**
 * channels_route_free:
 * @self: (transfer full): a route
 */
void
channels_route_free (ChannelsRoute *self)
{
  g_strfreev (self->segments);
  g_free (self->group_prefix);
  g_free (self->group_suffix);
  g_free (self);
}

/**
 * channels_route_matches:
 * @self: a route
 * @path: a path
 * @out_room: (out): where the segment that the group wants begins; left alone where it wants none
 * @out_length: (out): its length in bytes
 *
 * Returns: whether @path fits
 */
gboolean
channels_route_matches (const ChannelsRoute *self,
                        const char *path,
                        const char **out_room,
                        gsize *out_length)
{
  const char *cursor = path;

  for (guint i = 0; self->segments[i] != NULL; i++)
    {
      gsize length;

      if (*cursor != '/')
        return FALSE;
      cursor++;

      length = strcspn (cursor, "/");
      if (is_placeholder (self->segments[i]) ? !is_room (cursor, length)
                                             : strlen (self->segments[i]) != length ||
                                                   strncmp (self->segments[i], cursor, length) != 0)
        return FALSE;

      if (i == self->group_segment)
        {
          *out_room = cursor;
          *out_length = length;
        }
      cursor += length;
    }

  return *cursor == '\0';
}

/**
 * channels_route_make_group:
 * @self: a route
 * @room: what channels_route_matches() found
 * @length: bytes of @room
 *
 * Returns: (transfer full): the group's name
 */
char *
channels_route_make_group (const ChannelsRoute *self, const char *room, gsize length)
{
  g_autofree char *copy = g_strndup (room, length);

  return g_strconcat (self->group_prefix, copy, self->group_suffix, NULL);
}

/**
 * channels_route_find_path:
 * @self: a route
 * @group: a group's name
 *
 * A `{name}` that the group does not depend on may be anything: it becomes `_`.
 *
 * Returns: (transfer full) (nullable): a path for which the route would make @group, or `NULL`
 */
char *
channels_route_find_path (const ChannelsRoute *self, const char *group)
{
  gsize prefix = strlen (self->group_prefix);
  gsize suffix = strlen (self->group_suffix);
  gsize length = strlen (group);
  g_autofree char *room = NULL;
  GString *path;

  if (length < prefix + suffix || !g_str_has_prefix (group, self->group_prefix) ||
      !g_str_has_suffix (group, self->group_suffix))
    return NULL;

  room = g_strndup (group + prefix, length - prefix - suffix);
  if (self->group_segment == CHANNELS_ROUTE_NO_SEGMENT ? room[0] != '\0'
                                                       : !is_room (room, strlen (room)))
    return NULL;

  path = g_string_new (NULL);
  for (guint i = 0; self->segments[i] != NULL; i++)
    {
      const char *segment = self->segments[i];

      if (i == self->group_segment)
        segment = room;
      else if (is_placeholder (segment))
        segment = "_";
      g_string_append_printf (path, "/%s", segment);
    }

  return g_string_free (path, FALSE);
}
