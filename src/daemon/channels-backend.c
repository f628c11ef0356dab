/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-backend.h"

#include "channels-memory-layer.h"
#include "channels-redis-layer.h"
#include "channels-redis-pubsub-layer.h"

/* Passwords are in none of the messages: the URL is shown without. */
static gboolean
add_host (ChannelsRedisSettings *settings, const char *url, const char *password, GError **error)
{
  g_autoptr (ChannelsRedisAddress) address = channels_redis_address_parse (url, error);

  if (address == NULL)
    {
      g_prefix_error (error, "[Layer] Hosts: ");
      return FALSE;
    }

  if (address->password == NULL)
    address->password = g_strdup (password);
  channels_redis_settings_add_host (settings, address);

  return TRUE;
}

static ChannelsRedisSettings *
make_settings (const ChannelsConfigLayer *config, const ChannelsIdentity *identity, GError **error)
{
  g_autoptr (ChannelsRedisSettings) settings =
      channels_redis_settings_new (channels_identity_get_prefix (identity), config->prefix);

  settings->expiry = config->expiry;
  settings->group_expiry = config->group_expiry;
  settings->capacity = config->capacity;
  for (guint i = 0; i < config->channel_capacities->len; i++)
    {
      const ChannelsConfigCapacity *item = g_ptr_array_index (config->channel_capacities, i);

      channels_redis_settings_add_capacity (settings, item->pattern, item->capacity);
    }
  for (guint i = 0; config->encryption_keys[i] != NULL; i++)
    channels_redis_settings_add_secret (settings, config->encryption_keys[i]);
  for (guint i = 0; config->hosts[i] != NULL; i++)
    {
      if (!add_host (settings, config->hosts[i], config->password, error))
        return NULL;
    }

  return g_steal_pointer (&settings);
}

/**
 * channels_backend_new:
 * @config: the configuration
 * @identity: which node this is
 * @error: return location for a `GError`, or `NULL`
 *
 * Makes the channel layer that @config asks for.
 *
 * Fails as channels_redis_address_parse() does.
 *
 * Returns: (transfer full): the layer; `NULL` with @error set otherwise
 */
ChannelsLayer *
channels_backend_new (const ChannelsConfig *config,
                      const ChannelsIdentity *identity,
                      GError **error)
{
  const ChannelsConfigLayer *layer;
  ChannelsRedisSettings *settings;

  g_return_val_if_fail (config != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  layer = channels_config_get_layer (config);
  switch (layer->backend)
    {
    case CHANNELS_CONFIG_BACKEND_REDIS:
      settings = make_settings (layer, identity, error);
      return settings != NULL
                 ? channels_redis_layer_new (settings, channels_identity_is_restarted (identity))
                 : NULL;

    case CHANNELS_CONFIG_BACKEND_REDIS_PUBSUB:
      settings = make_settings (layer, identity, error);
      return settings != NULL ? channels_redis_pubsub_layer_new (settings) : NULL;

    case CHANNELS_CONFIG_BACKEND_MEMORY:
    default:
      return channels_memory_layer_new ();
    }
}
