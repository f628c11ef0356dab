/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-batches.h"
#include "channels-redis-bundle.h"

/* What a bundle is put together from, and taken apart to. */

static void
test_parts (void)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GBytes) one = g_bytes_new_static ("one", 3);
  g_autoptr (GBytes) none = g_bytes_new_static ("", 0);
  g_autoptr (GBytes) whole = NULL;
  gsize size;

  g_test_summary ("What was put in comes out, and nothing where a part of it is missing");

  g_byte_array_append (out, (const guint8 *) "!\4name", 6);
  channels_redis_bundle_append (out, one);
  channels_redis_bundle_append (out, none);
  whole = g_byte_array_free_to_bytes (g_steal_pointer (&out));
  size = g_bytes_get_size (whole);
  g_assert_cmpmem (g_bytes_get_data (whole, NULL), size, "!\4name\0\0\0\3one\0\0\0\0", 17);

  for (gsize length = 1; length <= size; length++)
    {
      g_autoptr (GBytes) part = g_bytes_new_from_bytes (whole, 0, length);
      ChannelsRedisBundle bundle;
      g_autofree char *name = channels_redis_bundle_open (&bundle, part, 1);
      g_autoptr (GBytes) first = NULL;
      g_autoptr (GBytes) second = NULL;

      /* The name alone, or one event with it, is a bundle as well. */
      g_assert_cmpstr (name, ==, length == 6 || length == 13 || length == size ? "name" : NULL);
      if (length < size)
        continue;

      first = channels_redis_bundle_next (&bundle);
      second = channels_redis_bundle_next (&bundle);
      g_assert_true (g_bytes_equal (first, one) && g_bytes_equal (second, none));
      g_assert_null (channels_redis_bundle_next (&bundle));
    }
}

static void
test_most (void)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GBytes) none = g_bytes_new_static ("", 0);

  g_test_summary ("A bundle has as many events as one command has, and not one more");

  g_byte_array_append (out, (const guint8 *) "\0", 1);
  for (guint n = 1; n <= CHANNELS_REDIS_PAYLOADS_MAX + 1; n++)
    {
      g_autoptr (GBytes) whole = NULL;
      ChannelsRedisBundle bundle;
      g_autofree char *name = NULL;

      channels_redis_bundle_append (out, none);
      whole = g_bytes_new (out->data, out->len);
      name = channels_redis_bundle_open (&bundle, whole, 0);
      g_assert_cmpstr (name, ==, n <= CHANNELS_REDIS_PAYLOADS_MAX ? "" : NULL);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/redis-bundle-parts/whole", test_parts);
  g_test_add_func ("/redis-bundle-parts/most", test_most);

  return g_test_run ();
}
