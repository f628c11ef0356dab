/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-config-private.h"

#include "channels-keyfile.h"
#include "channels-secret.h"

#include <string.h>

#define ROUTE_PREFIX "Route "

enum
{
  ROUTE_PATH,
  ROUTE_GROUP,
  ROUTE_CONSUMER,
  N_NEEDED_ROUTE_KEYS,
  ROUTE_NOTIFICATIONS = N_NEEDED_ROUTE_KEYS,
  N_ROUTE_KEYS,
};

static const char *const route_keys[] = {
  [ROUTE_PATH] = "Path",
  [ROUTE_GROUP] = "Group",
  [ROUTE_CONSUMER] = "Consumer",
  [ROUTE_NOTIFICATIONS] = "Notifications",
};

G_STATIC_ASSERT (G_N_ELEMENTS (route_keys) == N_ROUTE_KEYS);

/* Sets a key from its values, wherever they come from. */
static void
apply_values (ChannelsConfig *self,
              const ChannelsConfigKey *key,
              const char *const *values,
              const ChannelsPlace *place)
{
  guint n = g_strv_length ((char **) values);

  if (key->list && (n < key->minimum || n > CHANNELS_CONFIG_ITEMS_MAX))
    channels_place_add_mistake (place, "has %u items: %u to %d are allowed", n, key->minimum,
                                CHANNELS_CONFIG_ITEMS_MAX);
  else
    key->set (self, values, place);
}

static gboolean
find_key (const char *group, const char *name, ChannelsConfigKey *out_key)
{
  for (guint i = 0; channels_config_get_key (i, out_key); i++)
    {
      if (g_str_equal (out_key->group, group) && g_str_equal (out_key->key, name))
        return TRUE;
    }

  return FALSE;
}

static char *
list_keys (const char *group)
{
  g_autoptr (GString) list = g_string_new (NULL);
  ChannelsConfigKey key;

  for (guint i = 0; channels_config_get_key (i, &key); i++)
    {
      if (g_str_equal (key.group, group))
        g_string_append_printf (list, "%s%s", list->len > 0 ? ", " : "", key.key);
    }

  return g_string_free (g_steal_pointer (&list), FALSE);
}

static void
apply_group (ChannelsConfig *self, const ChannelsKeyfileGroup *group, ChannelsMistakes *mistakes)
{
  for (guint i = 0; i < group->entries->len; i++)
    {
      const ChannelsKeyfileEntry *entry = g_ptr_array_index (group->entries, i);
      ChannelsPlace place = { mistakes, group->name, entry->key, entry->line };
      g_autoptr (GError) error = NULL;
      char **values;
      ChannelsConfigKey key;

      if (!find_key (group->name, entry->key, &key))
        {
          g_autofree char *allowed = list_keys (group->name);

          channels_place_add_mistake (&place, "there is no such key; the group has %s", allowed);
          continue;
        }
      values = channels_keyfile_split (entry->value, key.list, &error);
      if (values != NULL)
        apply_values (self, &key, (const char *const *) values, &place);
      else
        channels_place_add_mistake (&place, "%s", error->message);
      channels_secret_freev (values);
    }
}

static void
add_route_mistake (const ChannelsPlace *group,
                   const ChannelsKeyfileEntry *entry,
                   const char *explanation)
{
  ChannelsPlace place = *group;

  place.key = entry->key;
  place.line = entry->line;
  channels_place_add_mistake (&place, "%s", explanation);
}

static void
add_bad_word (const ChannelsPlace *group, const ChannelsKeyfileEntry *entry, const char *allowed)
{
  g_autofree char *quoted = channels_mistakes_quote (entry->value);
  g_autofree char *explanation = g_strdup_printf ("%s is %s", quoted, allowed);

  add_route_mistake (group, entry, explanation);
}

static guint
find_wrong_key (const GError *error)
{
  if (g_error_matches (error, CHANNELS_ROUTER_ERROR, CHANNELS_ROUTER_ERROR_GROUP))
    return ROUTE_GROUP;
  if (g_error_matches (error, CHANNELS_ROUTER_ERROR, CHANNELS_ROUTER_ERROR_NOTIFICATIONS))
    return ROUTE_NOTIFICATIONS;

  return ROUTE_PATH;
}

/* Adds a route of which every key that it needs is there. Its values need no escapes: none of what
 * these stand for is allowed in a path or a group. */
static void
add_route (ChannelsRouter *router,
           const ChannelsKeyfileEntry *const *entries,
           const ChannelsPlace *group)
{
  const ChannelsKeyfileEntry *consumer_entry = entries[ROUTE_CONSUMER];
  const ChannelsKeyfileEntry *notifications_entry = entries[ROUTE_NOTIFICATIONS];
  g_autoptr (GError) error = NULL;
  ChannelsConsumerKind consumer = CHANNELS_CONSUMER_CHAT;
  ChannelsNotifications notifications = CHANNELS_NOTIFICATIONS_OWN;

  if (!channels_consumer_kind_from_string (consumer_entry->value, &consumer))
    add_bad_word (group, consumer_entry, "neither chat nor echo");
  if (notifications_entry != NULL &&
      !channels_notifications_from_string (notifications_entry->value, &notifications))
    add_bad_word (group, notifications_entry, "neither true, false nor all");

  if (!channels_router_add (router, entries[ROUTE_PATH]->value, entries[ROUTE_GROUP]->value,
                            consumer, &error) ||
      !channels_router_set_notifications (router, notifications, &error))
    add_route_mistake (group, entries[find_wrong_key (error)], error->message);
}

static guint
find_route_key (const char *key)
{
  guint i = 0;

  while (i < N_ROUTE_KEYS && !g_str_equal (route_keys[i], key))
    i++;

  return i;
}

static void
apply_route (ChannelsRouter *router, const ChannelsKeyfileGroup *group, ChannelsMistakes *mistakes)
{
  const ChannelsKeyfileEntry *entries[N_ROUTE_KEYS] = { NULL };
  ChannelsPlace group_place = { mistakes, group->name, NULL, group->line };
  gboolean whole = TRUE;

  for (guint i = 0; i < group->entries->len; i++)
    {
      const ChannelsKeyfileEntry *entry = g_ptr_array_index (group->entries, i);
      ChannelsPlace place = { mistakes, group->name, entry->key, entry->line };
      guint key = find_route_key (entry->key);

      if (key < N_ROUTE_KEYS)
        entries[key] = entry;
      else
        channels_place_add_mistake (&place,
                                    "there is no such key; the group has Path, Group, Consumer, "
                                    "Notifications");
    }

  for (guint i = 0; i < N_NEEDED_ROUTE_KEYS; i++)
    {
      ChannelsPlace place = { mistakes, group->name, route_keys[i], group->line };

      if (entries[i] != NULL)
        continue;

      channels_place_add_mistake (&place, "is missing: a route has Path, Group and Consumer");
      whole = FALSE;
    }

  if (whole)
    add_route (router, entries, &group_place);
}

static gboolean
is_route (const ChannelsKeyfileGroup *group)
{
  return g_str_has_prefix (group->name, ROUTE_PREFIX) && group->name[strlen (ROUTE_PREFIX)] != '\0';
}

/**
 * channels_config_apply_groups:
 * @self: a configuration in the making
 * @groups: (element-type ChannelsKeyfileGroup): what stands in the keyfile
 * @mistakes: where it is told what is wrong with it
 *
 * Sets what the keyfile has. Any `[Route NAME]` replaces the default routes.
 */
void
channels_config_apply_groups (ChannelsConfig *self, GPtrArray *groups, ChannelsMistakes *mistakes)
{
  g_autoptr (ChannelsRouter) router = channels_router_new ();
  guint n_routes = 0;

  for (guint i = 0; i < groups->len; i++)
    {
      const ChannelsKeyfileGroup *group = g_ptr_array_index (groups, i);
      ChannelsPlace place = { mistakes, group->name, NULL, group->line };

      if (g_str_equal (group->name, CHANNELS_CONFIG_GROUP_SERVER) ||
          g_str_equal (group->name, CHANNELS_CONFIG_GROUP_LIMITS) ||
          g_str_equal (group->name, CHANNELS_CONFIG_GROUP_LAYER))
        apply_group (self, group, mistakes);
      else if (!is_route (group))
        channels_place_add_mistake (
            &place,
            "there is no such group; the file has [Server], [Limits], [Layer], [Route NAME]");
      else if (++n_routes <= CHANNELS_CONFIG_ROUTES_MAX)
        apply_route (router, group, mistakes);
      else
        channels_place_add_mistake (&place, "is route %u: up to %d are allowed", n_routes,
                                    CHANNELS_CONFIG_ROUTES_MAX);
    }

  if (n_routes > 0)
    {
      channels_router_unref (self->router);
      self->router = g_steal_pointer (&router);
    }
}

static void
apply_option (ChannelsConfig *self,
              const char *option,
              const char *group,
              const char *name,
              const char *const *values,
              ChannelsMistakes *mistakes)
{
  ChannelsMistakes source = { mistakes->texts, option };
  ChannelsPlace place = { &source, NULL, NULL, 0 };
  ChannelsConfigKey key;

  if (find_key (group, name, &key))
    apply_values (self, &key, values, &place);
}

static gboolean
is_own_loopback (const char *address)
{
  return g_str_equal (address, "127.0.0.1") || g_str_equal (address, "::1");
}

/* Where the keyfile says so, if it does. */
static guint
find_line (GPtrArray *groups, const char *group_name, const char *key)
{
  for (guint i = 0; i < groups->len; i++)
    {
      const ChannelsKeyfileGroup *group = g_ptr_array_index (groups, i);

      for (guint j = 0; g_str_equal (group->name, group_name) && j < group->entries->len; j++)
        {
          const ChannelsKeyfileEntry *entry = g_ptr_array_index (group->entries, j);

          if (g_str_equal (entry->key, key))
            return entry->line;
        }
    }

  return 0;
}

/**
 * channels_config_check_listen:
 * @self: a configuration whose values are all set
 * @groups: (element-type ChannelsKeyfileGroup): what stands in the keyfile
 * @from_option: whether the addresses are those of `--listen`
 * @mistakes: where it is told what is wrong with it
 *
 * Refuses to be reached from elsewhere unless that was asked for twice: by the address, and by
 * letting in other users, who cannot be told apart there.
 */
void
channels_config_check_listen (ChannelsConfig *self,
                              GPtrArray *groups,
                              gboolean from_option,
                              ChannelsMistakes *mistakes)
{
  ChannelsMistakes option = { mistakes->texts, "--listen" };
  ChannelsPlace place = { from_option ? &option : mistakes, NULL, NULL, 0 };

  if (self->allow_other_users)
    return;

  if (!from_option)
    {
      place.group = CHANNELS_CONFIG_GROUP_SERVER;
      place.key = "Listen";
      place.line = find_line (groups, place.group, place.key);
    }

  for (guint i = 0; i < self->listen->len; i++)
    {
      const ChannelsConfigListen *listen = g_ptr_array_index (self->listen, i);

      gboolean bracketed = strchr (listen->address, ':') != NULL;

      if (!is_own_loopback (listen->address))
        channels_place_add_mistake (
            &place,
            "%s%s%s:%u is not at an address of the loopback (127.0.0.1 or ::1): it needs "
            "AllowOtherUsers=true in [Server] as well, and every WebSocket from elsewhere a ticket",
            bracketed ? "[" : "", listen->address, bracketed ? "]" : "", listen->port);
    }
}

/**
 * channels_config_apply_overrides:
 * @self: a configuration in the making
 * @overrides: what the command line has to say
 * @mistakes: where it is told what is wrong with it
 *
 * Sets what the options have, under the same rules as the keys that they beat.
 */
void
channels_config_apply_overrides (ChannelsConfig *self,
                                 const ChannelsConfigOverrides *overrides,
                                 ChannelsMistakes *mistakes)
{
  const char *const layer[] = { overrides->layer, NULL };

  if (overrides->listen != NULL)
    apply_option (self, "--listen", CHANNELS_CONFIG_GROUP_SERVER, "Listen", overrides->listen,
                  mistakes);
  if (overrides->layer != NULL)
    apply_option (self, "--layer", CHANNELS_CONFIG_GROUP_LAYER, "Backend", layer, mistakes);
  if (overrides->redis != NULL)
    apply_option (self, "--redis", CHANNELS_CONFIG_GROUP_LAYER, "Hosts", overrides->redis,
                  mistakes);
}
