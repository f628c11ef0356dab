/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-event.h"
#include "channels-json.h"
#include "channels-msgpack.h"
#include "channels-names.h"

#include <string.h>

/* Events that have a type and a text go from MessagePack to JSON and back without a dictionary.
 * Whatever is in them, what comes of it must be what comes of the dictionary. */

#define DEPTH 32

/* Where the forms of a string in MessagePack change, and both sides of it. */
static const gsize lengths[] = { 0, 1, 31, 32, 255, 256, 65535, 65536, 100000 };

static const char *const texts[] = {
  "",
  "hello",
  "h\xc3\xa9llo \xf0\x9f\x98\x80 \xe2\x80\xa8",
  "\"quoted\" and \\ back",
  "\x01\b\f\n\r\t\x1f\x7f",
  "</script>",
};

static GVariant *
make_dictionary (const char *type, const char *message)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&builder, "{sv}", "type", g_variant_new_string (type));
  g_variant_builder_add (&builder, "{sv}", "message", g_variant_new_string (message));

  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

static GBytes *
to_msgpack (GVariant *value)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GError) error = NULL;

  channels_msgpack_append (out, value, &error);
  g_assert_no_error (error);

  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

static GBytes *
to_json (GVariant *value)
{
  GString *out = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  channels_json_append_variant (out, value, &error);
  g_assert_no_error (error);

  return g_string_free_to_bytes (out);
}

static void
assert_bytes (GBytes *bytes, GBytes *expected)
{
  gsize length, expected_length;
  const void *data = g_bytes_get_data (bytes, &length);
  const void *expected_data = g_bytes_get_data (expected, &expected_length);

  g_assert_cmpmem (data, length, expected_data, expected_length);
}

/* An event that came from another node has all forms of @dictionary. JSON first: it must not take
 * the dictionary's way. */
static void
assert_forms (ChannelsEvent *event, GVariant *dictionary)
{
  g_autoptr (GVariant) message = g_variant_lookup_value (dictionary, "message", NULL);
  g_autoptr (GBytes) json = to_json (dictionary);
  g_autoptr (GBytes) message_json = to_json (message);
  g_autoptr (GBytes) msgpack = to_msgpack (dictionary);
  const char *type = NULL;

  g_variant_lookup (dictionary, "type", "&s", &type);
  g_assert_cmpstr (channels_event_get_event_type (event), ==, type);
  assert_bytes (channels_event_get_message_json (event, NULL), message_json);
  assert_bytes (channels_event_get_json (event, NULL), json);
  assert_bytes (channels_event_get_msgpack (event, NULL), msgpack);
  g_assert_cmpvariant (channels_event_get_variant (event), dictionary);
}

static void
check_message (const char *type, const char *text)
{
  const char *const one[] = { "specific.node!a", NULL };
  g_autoptr (GVariant) dictionary = make_dictionary (type, text);
  g_autoptr (GBytes) map = to_msgpack (dictionary);
  g_autoptr (GVariant) names = g_variant_ref_sink (g_variant_new_strv (one, -1));
  g_autoptr (GByteArray) addressed = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsEvent) event = NULL;
  g_autoptr (ChannelsEvent) queued = NULL;
  g_auto (GStrv) channels = NULL;

  event = channels_event_new_from_msgpack (g_bytes_get_data (map, NULL), g_bytes_get_size (map),
                                           DEPTH, &error);
  g_assert_no_error (error);
  assert_forms (event, dictionary);

  channels_msgpack_append_map_with (addressed, map, CHANNELS_EVENT_KEY_CHANNEL, names, &error);
  g_assert_no_error (error);
  queued = channels_event_new_addressed (addressed->data, addressed->len, DEPTH, &channels, &error);
  g_assert_no_error (error);
  assert_forms (queued, dictionary);
  g_assert_cmpstrv (channels, one);
}

static void
test_lean_texts (void)
{
  static const char *const types[] = { "chat_message", "chat.message", "", "news", "\"\\\n" };

  g_test_summary ("A type and a text have the same forms with a dictionary and without");

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    for (guint j = 0; j < G_N_ELEMENTS (texts); j++)
      check_message (types[i], texts[j]);
}

static void
test_lean_lengths (void)
{
  g_test_summary ("A type and a text of any length have the same forms");

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autofree char *text = g_strnfill (lengths[i], 'x');

      check_message ("chat_message", text);
      check_message (text, "hello");
    }
}

/* More bytes than an event has beside its text. */
#define HEADS_MAX 48

static void
test_lean_room (void)
{
  g_test_summary ("There is room for all of an event, however near it comes to a power of two");

  for (gsize size = 128; size <= 128 * 1024; size *= 2)
    for (gsize n = 0; n <= HEADS_MAX; n++)
      {
        g_autofree char *text = g_strnfill (size - n, 'x');

        check_message ("chat_message", text);
      }
}

static void
test_lean_names (void)
{
  static const guint counts[] = { 1, 2, 15, 16, 300, 65535, 65536 };
  g_autoptr (GVariant) dictionary = make_dictionary ("chat_message", "hello");
  g_autoptr (GBytes) map = to_msgpack (dictionary);

  g_test_summary ("A text may be for any number of channels, whose names have any length");

  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
      g_autoptr (GByteArray) out = g_byte_array_new ();
      g_autoptr (GVariant) names = NULL;
      g_autoptr (ChannelsEvent) event = NULL;
      g_autoptr (GError) error = NULL;
      g_auto (GStrv) expected = NULL;
      g_auto (GStrv) channels = NULL;

      for (guint j = 0; j < counts[i]; j++)
        {
          g_autofree char *name = g_strnfill (lengths[j % 6], 'n');

          g_strv_builder_add (builder, name);
        }
      expected = g_strv_builder_end (builder);
      names = g_variant_ref_sink (g_variant_new_strv ((const char *const *) expected, -1));
      channels_msgpack_append_map_with (out, map, CHANNELS_EVENT_KEY_CHANNEL, names, &error);
      g_assert_no_error (error);

      event = channels_event_new_addressed (out->data, out->len, DEPTH, &channels, &error);
      g_assert_no_error (error);
      g_assert_cmpstrv (channels, expected);
      assert_forms (event, dictionary);
    }
}

static void
test_lean_from_json (void)
{
  static const char *const messages[] = {
    "\"\"", "\"hello\"",          "\"h\\u00e9\"", "\"h\xc3\xa9\"", "\"\\\\\"",
    "1",    "[\"hello\"]",        "{}",           "null",          "\"\\\"\"",
    "-0",   "\"\\ud83d\\ude00\"", " \"hello\"",   "\"hello\"\n",
  };

  g_test_summary ("What a browser said has the MessagePack of its dictionary");

  for (guint i = 0; i < G_N_ELEMENTS (messages); i++)
    {
      g_autoptr (ChannelsEvent) event = channels_event_new_chat (messages[i], strlen (messages[i]));
      g_autoptr (ChannelsEvent) other = channels_event_new_chat (messages[i], strlen (messages[i]));
      g_autoptr (GBytes) expected = to_msgpack (channels_event_get_variant (other));

      assert_bytes (channels_event_get_msgpack (event, NULL), expected);
    }
}

static void
test_lean_keeps_what_came (void)
{
  static const char message[] = "\"\\u0068\"";
  g_autoptr (ChannelsEvent) event = channels_event_new_chat (message, strlen (message));
  g_autoptr (GBytes) expected =
      g_bytes_new_static ("{\"type\":\"chat_message\",\"message\":\"\\u0068\"}", 42);

  g_test_summary ("What a browser said stays as it wrote it, whoever asked for another form first");

  g_assert_nonnull (channels_event_get_variant (event));
  assert_bytes (channels_event_get_json (event, NULL), expected);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/event/lean/texts", test_lean_texts);
  g_test_add_func ("/event/lean/lengths", test_lean_lengths);
  g_test_add_func ("/event/lean/room", test_lean_room);
  g_test_add_func ("/event/lean/names", test_lean_names);
  g_test_add_func ("/event/lean/from-json", test_lean_from_json);
  g_test_add_func ("/event/lean/keeps", test_lean_keeps_what_came);

  return g_test_run ();
}
