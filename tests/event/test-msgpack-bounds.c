/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-error.h"
#include "channels-test-hex.h"
#include "msgpack-values.h"

#include <string.h>

#define DEPTH CHANNELS_MSGPACK_DEPTH_MAX

static GVariant *
parse (const char *text)
{
  return g_variant_ref_sink (g_variant_new_parsed (text));
}

static void
assert_refused (const GByteArray *bytes, guint max_depth, ChannelsError code)
{
  /* In memory that ends where the text ends, so that a sanitizer sees whoever reads on. */
  g_autofree guint8 *exact = g_memdup2 (bytes->data, bytes->len);
  g_autoptr (GError) error = NULL;

  g_assert_null (channels_msgpack_to_variant (exact, bytes->len, max_depth, &error));
  g_assert_error (error, CHANNELS_ERROR, (int) code);
}

/* Each of them, in hexadecimal. */
static const struct
{
  const char *what;
  const char *texts;
} refused[] = {
  { "a byte that is never used", "c1" },
  { "more than one value", "c0c0 9000 80c0" },
  { "values that are missing", "91 9201 81a161 81" },
  { "keys that are no strings", "8101a161 81c4016101 81c001 819001 818001 82a1610101a1" },
  { "half a string", "a1 a261 d9 d901 da00 da000261 db000000 db0000000261" },
  { "half of bytes", "c4 c401 c500 c5000261 c6000000 c60000000261" },
  { "half a number", "cc cd00 ce000000 cf00000000000000 d0 d100 d2000000 d300000000000000" },
  { "half a float", "ca000000 cb00000000000000" },
  { "half a count", "dc00 dd000000 de00 df000000" },
  { "a count of what is not there", "dcffff ddffffffff deffff dfffffffff dd0000000201" },
  { "a count of what cannot be there", "df00000001a1 dbffffffff61 c6ffffffff61 dfffffffffa0c0" },
  { "extensions",
    "d40100 d5010000 d60100000000 d7010000000000000000 c7000100 c8000001 c900000001" },
  { "a long extension", "d80100000000000000000000000000000000" },
  { "a string that is not UTF-8", "a1ff a2c080 a3eda080 a4f4908080 a1c3 d901ff 81a1ff01" },
  { "NUL", "a100 a3610062 81a10001" },
  { "the same, deeper", "9191a1ff 81a16191d40100 9191c1 929001c1" },
};

static void
test_msgpack_refuses (void)
{
  g_test_summary ("What is not one whole value that an event can have is refused");

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_auto (GStrv) texts = g_strsplit (refused[i].texts, " ", -1);

      g_test_message ("%s", refused[i].what);
      for (guint j = 0; texts[j] != NULL; j++)
        {
          g_autoptr (GByteArray) bytes = channels_test_from_hex (texts[j]);

          assert_refused (bytes, DEPTH, CHANNELS_ERROR_INVALID_EVENT);
        }
    }
}

static void
test_msgpack_refuses_nothing (void)
{
  g_autoptr (GByteArray) empty = g_byte_array_new ();

  g_test_summary ("No bytes are no value");

  assert_refused (empty, DEPTH, CHANNELS_ERROR_INVALID_EVENT);
}

/* [[…[]…]], or {"": {"": …{}…}}. */
static GByteArray *
nest (guint depth, gboolean maps)
{
  g_autoptr (GString) hex = g_string_new (NULL);

  for (guint i = 1; i < depth; i++)
    g_string_append (hex, maps ? "81a0" : "91");
  g_string_append (hex, maps ? "80" : "90");

  return channels_test_from_hex (hex->str);
}

static void
test_msgpack_depth_is_bounded (void)
{
  g_test_summary ("As deep as allowed is read, written and read again; one level more is not");

  for (int maps = FALSE; maps <= TRUE; maps++)
    {
      g_autoptr (GByteArray) deepest = nest (DEPTH, maps);
      g_autoptr (GByteArray) deeper = nest (DEPTH + 1, maps);
      g_autoptr (GByteArray) flat = nest (1, maps);
      g_autoptr (GVariant) value = read_bytes (deepest);
      g_autoptr (GByteArray) again = write_value (value);

      g_assert_cmpmem (again->data, again->len, deepest->data, deepest->len);
      assert_refused (deeper, G_MAXUINT, CHANNELS_ERROR_INVALID_EVENT);
      assert_refused (deepest, DEPTH - 1, CHANNELS_ERROR_INVALID_EVENT);
      assert_refused (flat, 0, CHANNELS_ERROR_INVALID_EVENT);
    }
}

static void
test_msgpack_written_depth_is_bounded (void)
{
  g_autoptr (GByteArray) deepest = nest (DEPTH, FALSE);
  g_autoptr (GVariant) value = read_bytes (deepest);
  g_autoptr (GVariant) deeper = g_variant_ref_sink (g_variant_new_tuple (&value, 1));
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GError) error = NULL;

  g_test_summary ("Nothing is written that could not be read for its depth");

  g_assert_false (channels_msgpack_append (out, deeper, &error));

  g_assert_error (error, CHANNELS_ERROR, CHANNELS_ERROR_INVALID_EVENT);
  g_assert_cmpuint (out->len, ==, 0);
}

/* An array32 or map32 that says it has @count, and as many bytes behind it as that needs. */
static GByteArray *
many (guint32 count, gboolean map)
{
  GByteArray *bytes = channels_test_from_hex (map ? "df" : "dd");
  guint32 big_endian = GUINT32_TO_BE (count);
  guint head = 1 + sizeof big_endian;

  g_byte_array_append (bytes, (const guint8 *) &big_endian, sizeof big_endian);
  g_byte_array_set_size (bytes, head + (map ? 2 * count : count));
  for (guint i = head; i < bytes->len; i++)
    bytes->data[i] = map && (i - head) % 2 == 0 ? 0xA0 : 0xC0;

  return bytes;
}

static void
test_msgpack_values_are_bounded (void)
{
  g_autoptr (GByteArray) most = many (CHANNELS_MSGPACK_VALUES_MAX, FALSE);
  g_autoptr (GByteArray) more = many (CHANNELS_MSGPACK_VALUES_MAX + 1, FALSE);
  g_autoptr (GByteArray) most_pairs = many (CHANNELS_MSGPACK_VALUES_MAX / 2, TRUE);
  g_autoptr (GByteArray) more_pairs = many (CHANNELS_MSGPACK_VALUES_MAX / 2 + 1, TRUE);
  g_autoptr (GVariant) array = read_bytes (most);
  g_autoptr (GVariant) dictionary = read_bytes (most_pairs);

  g_test_summary ("As many values as allowed are read, and not one more");

  g_assert_cmpuint (g_variant_n_children (array), ==, CHANNELS_MSGPACK_VALUES_MAX);
  g_assert_cmpuint (g_variant_n_children (dictionary), ==, 1);
  assert_refused (more, DEPTH, CHANNELS_ERROR_INVALID_EVENT);
  assert_refused (more_pairs, DEPTH, CHANNELS_ERROR_INVALID_EVENT);
}

static void
test_msgpack_values_add_up (void)
{
  g_autoptr (GByteArray) two = channels_test_from_hex ("92");
  g_autoptr (GByteArray) half = many (CHANNELS_MSGPACK_VALUES_MAX / 2, FALSE);

  g_test_summary ("Values count in all arrays together");

  g_byte_array_append (two, half->data, half->len);
  g_byte_array_append (two, half->data, half->len);

  assert_refused (two, DEPTH, CHANNELS_ERROR_INVALID_EVENT);
}

static GByteArray *
bytes_of_size (gsize size)
{
  g_autoptr (GByteArray) data = g_byte_array_new ();
  g_autoptr (GVariant) value = NULL;

  g_byte_array_set_size (data, (guint) size);
  memset (data->data, 'x', size);
  value = g_variant_ref_sink (
      g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, data->data, data->len, 1));
  return write_value (value);
}

static void
test_msgpack_size_is_bounded (void)
{
  g_autoptr (GByteArray) most = bytes_of_size (CHANNELS_MSGPACK_SIZE_MAX - 5);
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GVariant) value = read_bytes (most);
  g_autoptr (GVariant) more = g_variant_ref_sink (g_variant_new_tuple (&value, 1));
  g_autoptr (GError) error = NULL;

  g_test_summary ("As many bytes as allowed are read and written, and not one more");

  g_assert_cmpuint (most->len, ==, 16 * 1024 * 1024);
  g_assert_false (channels_msgpack_append (out, more, &error));
  g_assert_error (error, CHANNELS_ERROR, CHANNELS_ERROR_MESSAGE_TOO_BIG);
  g_assert_cmpuint (out->len, ==, 0);

  g_byte_array_append (most, (const guint8 *) "\xC0", 1);
  assert_refused (most, DEPTH, CHANNELS_ERROR_MESSAGE_TOO_BIG);
}

static void
test_msgpack_map_with_is_bounded (void)
{
  g_autoptr (GByteArray) map = channels_test_from_hex ("81a161");
  g_autoptr (GByteArray) rest = bytes_of_size (CHANNELS_MSGPACK_SIZE_MAX - 11);
  g_autoptr (GByteArray) out = channels_test_from_hex ("beef");
  g_autoptr (GVariant) fits = parse ("1");
  g_autoptr (GVariant) too_long = parse ("'a'");
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  g_test_summary (
      "A map with one member more has its bounds too, and nothing is left of one past it");

  g_byte_array_append (map, rest->data, rest->len);
  bytes = g_bytes_new (map->data, map->len);

  g_assert_false (channels_msgpack_append_map_with (out, bytes, "k", too_long, &error));
  g_assert_error (error, CHANNELS_ERROR, CHANNELS_ERROR_MESSAGE_TOO_BIG);
  g_assert_cmpuint (out->len, ==, 2);
  g_assert_true (channels_msgpack_append_map_with (out, bytes, "k", fits, NULL));
  g_assert_cmpuint (out->len, ==, 2 + CHANNELS_MSGPACK_SIZE_MAX);
}

static void
test_msgpack_map_with_depth (void)
{
  g_autoptr (GBytes) map = g_bytes_new_static ("\x80", 1);
  g_autoptr (GByteArray) deepest = nest (DEPTH - 1, FALSE);
  g_autoptr (GByteArray) deeper = nest (DEPTH, FALSE);
  g_autoptr (GVariant) fits = read_bytes (deepest);
  g_autoptr (GVariant) too_deep = read_bytes (deeper);
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GError) error = NULL;

  g_test_summary ("The map is a level of the member that it gets");

  g_assert_false (channels_msgpack_append_map_with (out, map, "k", too_deep, &error));
  g_assert_error (error, CHANNELS_ERROR, CHANNELS_ERROR_INVALID_EVENT);
  g_assert_true (channels_msgpack_append_map_with (out, map, "k", fits, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/msgpack-bounds/refuses", test_msgpack_refuses);
  g_test_add_func ("/msgpack-bounds/refuses-nothing", test_msgpack_refuses_nothing);
  g_test_add_func ("/msgpack-bounds/depth-is-bounded", test_msgpack_depth_is_bounded);
  g_test_add_func ("/msgpack-bounds/written-depth-is-bounded",
                   test_msgpack_written_depth_is_bounded);
  g_test_add_func ("/msgpack-bounds/values-are-bounded", test_msgpack_values_are_bounded);
  g_test_add_func ("/msgpack-bounds/values-add-up", test_msgpack_values_add_up);
  g_test_add_func ("/msgpack-bounds/size-is-bounded", test_msgpack_size_is_bounded);
  g_test_add_func ("/msgpack-bounds/map-with-is-bounded", test_msgpack_map_with_is_bounded);
  g_test_add_func ("/msgpack-bounds/map-with-depth", test_msgpack_map_with_depth);

  return g_test_run ();
}
