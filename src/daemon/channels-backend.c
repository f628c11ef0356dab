/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-backend.h"

#include "channels-memory-layer.h"

/**
 * channels_backend_new:
 * @config: the configuration
 * @error: return location for a `GError`, or `NULL`
 *
 * Makes the channel layer that @config asks for.
 *
 * Fails with `G_IO_ERROR_NOT_SUPPORTED` where this build has no such layer.
 *
 * Returns: (transfer full): the layer; `NULL` with @error set otherwise
 */
ChannelsLayer *
channels_backend_new (const ChannelsConfig *config, GError **error)
{
  ChannelsConfigBackend backend;

  g_return_val_if_fail (config != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  backend = channels_config_get_layer (config)->backend;
  if (backend != CHANNELS_CONFIG_BACKEND_MEMORY)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                   "[Layer] Backend=%s: this build has the memory layer only; allowed is memory",
                   channels_config_backend_to_string (backend));
      return NULL;
    }

  return channels_memory_layer_new ();
}
