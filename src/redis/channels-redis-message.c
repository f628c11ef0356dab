/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-message.h"

#include "channels-msgpack.h"
#include "channels-names.h"
#include "channels-redis-bundle.h"

/* What is put into queues. */

/* Takes @content. */
static GBytes *
seal (const ChannelsRedisSettings *settings, GByteArray *content, GError **error)
{
  g_autoptr (GBytes) bytes = g_byte_array_free_to_bytes (content);

  return channels_redis_settings_seal (settings, TRUE, bytes, error);
}

/**
 * channels_redis_message_new:
 * @settings: of the layer
 * @event: an event
 * @names: (nullable): the channels of one node that it is for: a string or an array of them; `NULL`
 * for a channel of no node. Consumed if floating
 * @error: return location for a `GError`, or `NULL`
 *
 * Makes a message of one event, as channels_redis does. Fails as channels_event_get_msgpack() and
 * channels_redis_settings_seal() do.
 *
 * Returns: (transfer full): the message, or `NULL` with @error set
 */
GBytes *
channels_redis_message_new (const ChannelsRedisSettings *settings,
                            ChannelsEvent *event,
                            GVariant *names,
                            GError **error)
{
  g_autoptr (GVariant) addressed = names != NULL ? g_variant_ref_sink (names) : NULL;
  g_autoptr (GByteArray) content = g_byte_array_new ();
  GBytes *map = channels_event_get_msgpack (event, error);

  if (map == NULL)
    return NULL;

  if (addressed == NULL)
    return channels_redis_settings_seal (settings, TRUE, map, error);

  if (!channels_msgpack_append_map_with (content, map, CHANNELS_EVENT_KEY_CHANNEL, addressed,
                                         error))
    return NULL;

  return seal (settings, g_steal_pointer (&content), error);
}

/**
 * channels_redis_message_new_bundle:
 * @settings: of the layer
 * @group: the group that the events go to
 * @events: (element-type ChannelsEvent): one to %CHANNELS_REDIS_PAYLOADS_MAX
 * @error: return location for a `GError`, or `NULL`
 *
 * Makes a message of all of them, for nodes that read bundles. Fails as
 * channels_redis_message_new() does.
 *
 * Returns: (transfer full): the message, or `NULL` with @error set
 */
GBytes *
channels_redis_message_new_bundle (const ChannelsRedisSettings *settings,
                                   const char *group,
                                   GPtrArray *events,
                                   GError **error)
{
  g_autoptr (GByteArray) content = g_byte_array_new ();

  channels_redis_bundle_begin_in_queue (content, group, events->len);
  for (guint i = 0; i < events->len; i++)
    {
      GBytes *map = channels_event_get_msgpack (g_ptr_array_index (events, i), error);

      if (map == NULL)
        return NULL;
      channels_redis_bundle_append (content, map);
    }

  return seal (settings, g_steal_pointer (&content), error);
}
