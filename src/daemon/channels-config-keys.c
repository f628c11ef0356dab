/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-config-private.h"

#include "channels-config-values.h"
#include "channels-guard.h"
#include "channels-layer-bounds.h"
#include "channels-redis-address.h"
#include "channels-secret.h"

#include <string.h>

#define DEFAULT_PORT 8484

#define IDLE_TIMEOUT_MAX 604800 /* seconds: a week */

static const char *const backend_names[] = {
  [CHANNELS_CONFIG_BACKEND_MEMORY] = "memory",
  [CHANNELS_CONFIG_BACKEND_REDIS] = "redis",
  [CHANNELS_CONFIG_BACKEND_REDIS_PUBSUB] = "redis-pubsub",
};

static const char *const default_hosts[] = { "redis://127.0.0.1:6379/0", NULL };

static void
listen_free (gpointer data)
{
  ChannelsConfigListen *listen = data;

  g_free (listen->address);
  g_free (listen);
}

static void
capacity_free (gpointer data)
{
  ChannelsConfigCapacity *capacity = data;

  g_free (capacity->pattern);
  g_free (capacity);
}

static void
add_listen (GPtrArray *listen, const char *address, guint16 port, gboolean optional)
{
  ChannelsConfigListen *item = g_new0 (ChannelsConfigListen, 1);

  item->address = g_strdup (address);
  item->port = port;
  item->optional = optional;
  g_ptr_array_add (listen, item);
}

static gboolean
has_listen (GPtrArray *listen, const char *address, guint16 port)
{
  for (guint i = 0; i < listen->len; i++)
    {
      const ChannelsConfigListen *item = g_ptr_array_index (listen, i);

      if (item->port == port && g_str_equal (item->address, address))
        return TRUE;
    }

  return FALSE;
}

static void
replace_strv (char ***field, const char *const *values)
{
  channels_secret_freev (*field);
  *field = g_strdupv ((char **) values);
}

static void
set_listen (ChannelsConfig *self, const char *const *values, const ChannelsPlace *place)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (listen_free);

  for (guint i = 0; values[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *address = NULL;
      guint16 port;

      if (!channels_config_parse_listen (values[i], &address, &port, &error))
        channels_place_add_mistake (place, "%s", error->message);
      else if (port != 0 && has_listen (all, address, port))
        channels_place_add_mistake (place, "“%s” is there twice", values[i]);
      else
        add_listen (all, address, port, FALSE);
    }

  g_ptr_array_unref (self->listen);
  self->listen = g_steal_pointer (&all);
}

static void
refuse_item (const ChannelsPlace *place, const char *value, const char *allowed)
{
  g_autofree char *quoted = channels_mistakes_quote (value);

  channels_place_add_mistake (place, "%s is not %s", quoted, allowed);
}

/* The guard's own errors repeat all of what they refuse, which may have a password: not here. */
static void
set_origins (ChannelsConfig *self, const char *const *values, const ChannelsPlace *place)
{
  g_autoptr (ChannelsGuard) guard = channels_guard_new ();

  for (guint i = 0; values[i] != NULL; i++)
    {
      if (!channels_guard_add_origin (guard, values[i], NULL))
        refuse_item (place, values[i],
                     "SCHEME://HOST, SCHEME://HOST:PORT or, for every port, SCHEME://HOST:*");
    }

  replace_strv (&self->origins, values);
}

static void
set_hosts (ChannelsConfig *self, const char *const *values, const ChannelsPlace *place)
{
  g_autoptr (ChannelsGuard) guard = channels_guard_new ();

  for (guint i = 0; values[i] != NULL; i++)
    {
      if (!channels_guard_add_host (guard, values[i], NULL))
        refuse_item (place, values[i], "HOST or HOST:PORT");
    }

  replace_strv (&self->hosts, values);
}

static void
set_allow_other_users (ChannelsConfig *self, const char *const *values, const ChannelsPlace *place)
{
  g_autoptr (GError) error = NULL;

  if (!channels_config_parse_boolean (values[0], &self->allow_other_users, &error))
    channels_place_add_mistake (place, "%s", error->message);
}

static void
set_idle_timeout (ChannelsConfig *self, const char *const *values, const ChannelsPlace *place)
{
  guint64 timeout;

  if (g_str_equal (values[0], "auto"))
    self->idle_timeout = -1;
  else if (channels_config_parse_number (values[0], 0, IDLE_TIMEOUT_MAX, &timeout, NULL))
    self->idle_timeout = (int) timeout;
  else
    refuse_item (place, values[0],
                 "auto or a whole number from 0 to " G_STRINGIFY (IDLE_TIMEOUT_MAX));
}

static void
set_limit (ChannelsConfig *self, const char *const *values, const ChannelsPlace *place)
{
  g_autoptr (GError) error = NULL;
  guint limit = 0;
  const ChannelsLimitInfo *info;

  while (!g_str_equal (channels_limit_get_info (limit)->key, place->key))
    limit++;

  info = channels_limit_get_info (limit);
  if (!channels_config_parse_number (values[0], info->minimum, info->maximum,
                                     &self->limits.value[limit], &error))
    channels_place_add_mistake (place, "%s", error->message);
}

static void
set_backend (ChannelsConfig *self, const char *const *values, const ChannelsPlace *place)
{
  for (guint i = 0; i < G_N_ELEMENTS (backend_names); i++)
    {
      if (g_str_equal (values[0], backend_names[i]))
        {
          self->layer.backend = i;
          return;
        }
    }

  refuse_item (place, values[0], "memory, redis or redis-pubsub");
}

/* The very URLs that the layer takes; their errors repeat nothing, as they may have a password. */
static void
set_redis_hosts (ChannelsConfig *self, const char *const *values, const ChannelsPlace *place)
{
  for (guint i = 0; values[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ChannelsRedisAddress) address = channels_redis_address_parse (values[i], &error);

      if (address == NULL)
        channels_place_add_mistake (place, "URL %u: %s", i + 1, error->message);
    }

  replace_strv (&self->layer.hosts, values);
}

static void
set_prefix (ChannelsConfig *self, const char *const *values, const ChannelsPlace *place)
{
  gsize length = strlen (values[0]);
  gboolean good = length > 0 && length <= CHANNELS_LAYER_PREFIX_MAX;

  for (const char *p = values[0]; good && *p != '\0'; p = g_utf8_next_char (p))
    good = g_unichar_isgraph (g_utf8_get_char (p));

  if (!good)
    refuse_item (place, values[0],
                 "1 to " G_STRINGIFY (CHANNELS_LAYER_PREFIX_MAX) " bytes without white space");

  g_free (self->layer.prefix);
  self->layer.prefix = g_strdup (values[0]);
}

static void
set_uint (guint *field, const char *text, guint maximum, const ChannelsPlace *place)
{
  g_autoptr (GError) error = NULL;
  guint64 value;

  if (channels_config_parse_number (text, 1, maximum, &value, &error))
    *field = (guint) value;
  else
    channels_place_add_mistake (place, "%s", error->message);
}

static void
set_expiry (ChannelsConfig *self, const char *const *values, const ChannelsPlace *place)
{
  set_uint (&self->layer.expiry, values[0], CHANNELS_LAYER_EXPIRY_MAX, place);
}

static void
set_group_expiry (ChannelsConfig *self, const char *const *values, const ChannelsPlace *place)
{
  set_uint (&self->layer.group_expiry, values[0], CHANNELS_LAYER_GROUP_EXPIRY_MAX, place);
}

static void
set_capacity (ChannelsConfig *self, const char *const *values, const ChannelsPlace *place)
{
  set_uint (&self->layer.capacity, values[0], CHANNELS_LAYER_CAPACITY_MAX, place);
}

static void
set_channel_capacity (ChannelsConfig *self, const char *const *values, const ChannelsPlace *place)
{
  g_ptr_array_set_size (self->layer.channel_capacities, 0);
  for (guint i = 0; values[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      ChannelsConfigCapacity item;

      if (channels_config_parse_capacity (values[i], &item.pattern, &item.capacity, &error))
        g_ptr_array_add (self->layer.channel_capacities, g_memdup2 (&item, sizeof item));
      else
        channels_place_add_mistake (place, "%s", error->message);
    }
}

static void
set_encryption_keys (ChannelsConfig *self, const char *const *values, const ChannelsPlace *place)
{
  for (guint i = 0; values[i] != NULL; i++)
    {
      if (*values[i] == '\0')
        channels_place_add_mistake (place, "secret %u is empty: one has at least 1 byte", i + 1);
    }

  replace_strv (&self->layer.encryption_keys, values);
}

static void
set_password_file (ChannelsConfig *self, const char *const *values, const ChannelsPlace *place)
{
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->layer.password, channels_secret_free);
  if (*values[0] == '\0')
    return;

  self->layer.password = channels_config_read_secret (values[0], &error);
  if (self->layer.password == NULL)
    channels_place_add_mistake (place, "%s", error->message);
}

/* [Limits] has its own table, in base/. */
static const ChannelsConfigKey keys[] = {
  { CHANNELS_CONFIG_GROUP_SERVER, "Listen", set_listen, TRUE, 1 },
  { CHANNELS_CONFIG_GROUP_SERVER, "AllowedOrigins", set_origins, TRUE, 0 },
  { CHANNELS_CONFIG_GROUP_SERVER, "AllowedHosts", set_hosts, TRUE, 0 },
  { CHANNELS_CONFIG_GROUP_SERVER, "AllowOtherUsers", set_allow_other_users, FALSE, 0 },
  { CHANNELS_CONFIG_GROUP_SERVER, "IdleTimeout", set_idle_timeout, FALSE, 0 },
  { CHANNELS_CONFIG_GROUP_LAYER, "Backend", set_backend, FALSE, 0 },
  { CHANNELS_CONFIG_GROUP_LAYER, "Hosts", set_redis_hosts, TRUE, 1 },
  { CHANNELS_CONFIG_GROUP_LAYER, "Prefix", set_prefix, FALSE, 0 },
  { CHANNELS_CONFIG_GROUP_LAYER, "Expiry", set_expiry, FALSE, 0 },
  { CHANNELS_CONFIG_GROUP_LAYER, "GroupExpiry", set_group_expiry, FALSE, 0 },
  { CHANNELS_CONFIG_GROUP_LAYER, "Capacity", set_capacity, FALSE, 0 },
  { CHANNELS_CONFIG_GROUP_LAYER, "ChannelCapacity", set_channel_capacity, TRUE, 0 },
  { CHANNELS_CONFIG_GROUP_LAYER, "SymmetricEncryptionKeys", set_encryption_keys, TRUE, 0 },
  { CHANNELS_CONFIG_GROUP_LAYER, "PasswordFile", set_password_file, FALSE, 0 },
};

/**
 * channels_config_get_key:
 * @index: which, from 0
 * @out_key: (out): the key
 *
 * Walks through every key that stands in a group of its own, in the order of the manual.
 *
 * Returns: `FALSE` where there are no more
 */
gboolean
channels_config_get_key (guint index, ChannelsConfigKey *out_key)
{
  if (index < G_N_ELEMENTS (keys))
    {
      *out_key = keys[index];
      return TRUE;
    }
  index -= G_N_ELEMENTS (keys);
  if (index < CHANNELS_N_LIMITS)
    {
      *out_key = (ChannelsConfigKey){ CHANNELS_CONFIG_GROUP_LIMITS,
                                      channels_limit_get_info (index)->key, set_limit, FALSE, 0 };
      return TRUE;
    }

  return FALSE;
}

/**
 * channels_config_set_defaults:
 * @self: a configuration, all zero
 *
 * Gives @self the values that hold where nothing is configured.
 */
void
channels_config_set_defaults (ChannelsConfig *self)
{
  static const char *const nothing[] = { NULL };

  self->listen = g_ptr_array_new_with_free_func (listen_free);
  add_listen (self->listen, "127.0.0.1", DEFAULT_PORT, FALSE);
  add_listen (self->listen, "::1", DEFAULT_PORT, TRUE);
  replace_strv (&self->origins, nothing);
  replace_strv (&self->hosts, nothing);
  self->idle_timeout = -1;
  channels_limits_init (&self->limits);
  self->router = channels_router_new_default ();

  self->layer.backend = CHANNELS_CONFIG_BACKEND_MEMORY;
  replace_strv (&self->layer.hosts, default_hosts);
  self->layer.prefix = g_strdup ("asgi");
  self->layer.expiry = 60;
  self->layer.group_expiry = 86400;
  self->layer.capacity = 100;
  self->layer.channel_capacities = g_ptr_array_new_with_free_func (capacity_free);
  replace_strv (&self->layer.encryption_keys, nothing);
}
