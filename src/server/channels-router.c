/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-router.h"

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
#define NO_SEGMENT G_MAXUINT

typedef struct
{
  char **segments;     /* (owned) literal, or {name}; the slashes taken off */
  guint n_names;       /* how many of the segments are a {name} */
  char *group_prefix;  /* (owned) */
  guint group_segment; /* which segment's {name} comes next, or NO_SEGMENT */
  char *group_suffix;  /* (owned) empty where there is none */
  ChannelsConsumerKind consumer;
} Route;

struct _ChannelsRouter
{
  GPtrArray *routes; /* (element-type Route) (owned) the first that matches wins */
};

G_DEFINE_QUARK (channels_router_error_quark, channels_router_error)

static void
route_free (Route *self)
{
  g_strfreev (self->segments);
  g_free (self->group_prefix);
  g_free (self->group_suffix);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Route, route_free)

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
parse_path (Route *self, const char *path, GError **error)
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
find_segment (const Route *self, const char *placeholder, gsize length)
{
  for (guint i = 0; self->segments[i] != NULL; i++)
    {
      if (strlen (self->segments[i]) == length &&
          strncmp (self->segments[i], placeholder, length) == 0)
        return i;
    }

  return NO_SEGMENT;
}

static gboolean
parse_group (Route *self, const char *group, GError **error)
{
  const char *open = strchr (group, '{');
  const char *close = open != NULL ? strchr (open, '}') : NULL;
  gsize longest;

  self->group_segment = NO_SEGMENT;
  if (close != NULL)
    {
      self->group_segment = find_segment (self, open, close + 1 - open);
      if (self->group_segment == NO_SEGMENT)
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

/* Whether @path fits; *@out_room is then where the segment that the group wants begins. */
static gboolean
route_matches (const Route *self, const char *path, const char **out_room, gsize *out_length)
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

static char *
route_make_group (const Route *self, const char *room, gsize length)
{
  g_autofree char *copy = g_strndup (room, length);

  return g_strconcat (self->group_prefix, copy, self->group_suffix, NULL);
}

/* A path for which this route would make @group, or NULL. A {name} that the group does not depend
 * on may be anything: it becomes "_". */
static char *
route_find_path (const Route *self, const char *group)
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
  if (self->group_segment == NO_SEGMENT ? room[0] != '\0' : !is_room (room, strlen (room)))
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
  };

  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (out_kind != NULL, FALSE);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      if (strcmp (name, names[i]) == 0)
        {
          *out_kind = (ChannelsConsumerKind) i;
          return TRUE;
        }
    }

  return FALSE;
}

/**
 * channels_router_new:
 *
 * Returns: (transfer full): a router without routes
 */
ChannelsRouter *
channels_router_new (void)
{
  ChannelsRouter *self = g_rc_box_new0 (ChannelsRouter);

  self->routes = g_ptr_array_new_with_free_func ((GDestroyNotify) route_free);

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
 * `_`, `-` and `.`.
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
  g_autoptr (Route) route = g_new0 (Route, 1);

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (path != NULL, FALSE);
  g_return_val_if_fail (group != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!parse_path (route, path, error) || !parse_group (route, group, error))
    return FALSE;

  route->consumer = consumer;
  g_ptr_array_add (self->routes, g_steal_pointer (&route));

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
      const Route *route = g_ptr_array_index (self->routes, i);
      const char *room = "";
      gsize length = 0;

      if (route_matches (route, path, &room, &length))
        {
          *out_group = route_make_group (route, room, length);
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

static char *
find_any_path (ChannelsRouter *self)
{
  char *path = channels_router_find_path (self, CHANNELS_DEFAULT_GROUP);

  for (guint i = 0; path == NULL && i < self->routes->len; i++)
    {
      const Route *route = g_ptr_array_index (self->routes, i);

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
  g_return_val_if_fail (self != NULL, NULL);

  if (group == NULL)
    return find_any_path (self);

  for (guint with_names = 0; with_names < 2; with_names++)
    {
      for (guint i = 0; i < self->routes->len; i++)
        {
          const Route *route = g_ptr_array_index (self->routes, i);
          g_autofree char *path = NULL;

          if ((route->n_names > 0) == (with_names > 0))
            path = route_find_path (route, group);
          if (path != NULL && leads_to (self, path, group))
            return g_steal_pointer (&path);
        }
    }

  return NULL;
}
