/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "fuzz.h"

#include "channels-event.h"
#include "channels-msgpack.h"
#include "channels-names.h"
#include "channels-redis-bundle.h"
#include "channels-redis-settings.h"

/* What lies in a queue, or is published: taken apart it is an event with those it is for, several
 * events, or a mistake; and whatever is made by one node is taken apart by the next. The first byte
 * says which of the two, and whether it is encrypted. */

#define SALTED 0x01
#define ENCRYPTED 0x02
#define DEPTH 32

/* Whichever way it was read: it has the members of the map, but the one that says for whom it is.
 */
static void
check_members (ChannelsEvent *event, GBytes *map)
{
  g_autoptr (GVariant) whole = g_variant_ref_sink (channels_msgpack_to_variant (
      g_bytes_get_data (map, NULL), g_bytes_get_size (map), DEPTH, NULL));
  g_autoptr (GVariantDict) rest = g_variant_dict_new (whole);
  g_autoptr (GVariantDict) members = g_variant_dict_new (channels_event_get_variant (event));
  g_autoptr (GVariant) expected = NULL;
  g_autoptr (GVariant) found = NULL;

  g_variant_dict_remove (rest, CHANNELS_EVENT_KEY_CHANNEL);
  expected = g_variant_ref_sink (g_variant_dict_end (rest));
  found = g_variant_ref_sink (g_variant_dict_end (members));
  g_assert_cmpuint (g_variant_n_children (found), ==, g_variant_n_children (expected));
  for (gsize i = 0; i < g_variant_n_children (expected); i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (expected, i);
      g_autoptr (GVariant) value = NULL;
      g_autoptr (GVariant) other = NULL;
      const char *key;

      g_variant_get (entry, "{&sv}", &key, &value);
      other = g_variant_lookup_value (found, key, NULL);
      /* By bytes: a NaN is not equal to itself. */
      g_assert_nonnull (other);
      g_assert_cmpmem (g_variant_get_data (other), g_variant_get_size (other),
                       g_variant_get_data (value), g_variant_get_size (value));
    }
}

static void
check_event (GBytes *map)
{
  g_autoptr (ChannelsEvent) event = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) channels = NULL;

  event = channels_event_new_addressed (g_bytes_get_data (map, NULL), g_bytes_get_size (map), DEPTH,
                                        &channels, &error);
  g_assert_true ((event == NULL) == (error != NULL));
  g_assert_true ((event == NULL) == (channels == NULL));

  if (event != NULL)
    check_members (event, map);
  for (guint i = 0; channels != NULL && channels[i] != NULL; i++)
    g_assert_true (g_utf8_validate (channels[i], -1, NULL));
}

/* All of it is its name and its events; and those, put together again, are the same. */
static void
check_bundle (GBytes *bytes)
{
  ChannelsRedisBundle bundle;
  g_autofree char *name = channels_redis_bundle_open (&bundle, bytes, 0);
  g_autoptr (GByteArray) again = g_byte_array_new ();
  g_autoptr (GBytes) whole = NULL;
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  GBytes *event;

  if (name == NULL)
    return;

  g_byte_array_append (again, data, 1 + data[0]);
  while ((event = channels_redis_bundle_next (&bundle)) != NULL)
    {
      channels_redis_bundle_append (again, event);
      g_bytes_unref (event);
    }
  whole = g_byte_array_free_to_bytes (g_steal_pointer (&again));
  g_assert_true (g_bytes_equal (whole, bytes));
}

static void
check_round_trip (const ChannelsRedisSettings *settings, gboolean salted, GBytes *data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) payload = channels_redis_settings_seal (settings, salted, data, &error);
  g_autoptr (GBytes) map = NULL;

  g_assert_no_error (error);
  map = channels_redis_settings_open (settings, salted, payload, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (map, data));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (ChannelsRedisSettings) settings = NULL;
  g_autoptr (GBytes) payload = NULL;
  g_autoptr (GBytes) map = NULL;
  g_autoptr (GError) error = NULL;
  gboolean salted;

  if (size < 1)
    return 0;

  salted = (data[0] & SALTED) != 0;
  settings = channels_redis_settings_new ("specific.node!", "asgi");
  if ((data[0] & ENCRYPTED) != 0)
    channels_redis_settings_add_secret (settings, "hush");

  payload = g_bytes_new (data + 1, size - 1);
  map = channels_redis_settings_open (settings, salted, payload, &error);
  g_assert_true ((map == NULL) == (error != NULL));
  if (map != NULL)
    check_event (map);
  check_bundle (payload);
  check_round_trip (settings, salted, payload);

  return 0;
}
