/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-error.h"
#include "channels-event.h"
#include "channels-msgpack.h"
#include "channels-names.h"
#include "channels-test-hex.h"

#include <string.h>

#define DEPTH 32

/* An event, and the same with those that it is for, as channels_redis puts it into a node's queue:
 * msgpack.packb ({'type': 'chat.message', 'message': 'héllo', 'n': 1, 'f': 1.5, 'b': b'\x00\xff',
 * 'l': [1, None, True], '__asgi_channel__': [FIRST, SECOND]}). */
#define NODE "specific.0123456789abcdef0123456789abcdef!"
#define FIRST NODE "fedcba9876543210fedcba9876543210"
#define SECOND NODE "00000000000000000000000000000000"

#define BODY                                                                                       \
  "a474797065ac636861742e6d657373616765a76d657373616765a668c3a96c6c6fa16e01"                       \
  "a166cb3ff8000000000000a162c40200ffa16c9301c0c3"
#define EVENT "86" BODY
#define KEY "b05f5f617367695f6368616e6e656c5f5f"
#define NODE_HEX                                                                                   \
  "d94a73706563696669632e3031323334353637383961626364656630313233343536373839616263646566"         \
  "21"
#define FIRST_HEX NODE_HEX "6665646362613938373635343332313066656463626139383736353433323130"
#define SECOND_HEX NODE_HEX "3030303030303030303030303030303030303030303030303030303030303030"
#define TO_BOTH "87" BODY KEY "92" FIRST_HEX SECOND_HEX
#define TO_FIRST "87" BODY KEY FIRST_HEX

#define VALUE                                                                                      \
  "{'type': <'chat.message'>, 'message': <'héllo'>, 'n': <int64 1>, 'f': <1.5>,"                  \
  " 'b': <[byte 0x00, 0xff]>, 'l': <[<int64 1>, <signature ''>, <true>]>}"

static GVariant *
parse (const char *text)
{
  return g_variant_ref_sink (g_variant_new_parsed (text));
}

static ChannelsEvent *
from_hex (const char *hex, guint max_depth, GError **error)
{
  g_autoptr (GByteArray) bytes = channels_test_from_hex (hex);

  return channels_event_new_from_msgpack (bytes->data, bytes->len, max_depth, error);
}

static ChannelsEvent *
addressed (const char *hex, char ***out_channels, GError **error)
{
  g_autoptr (GByteArray) bytes = channels_test_from_hex (hex);

  return channels_event_new_addressed (bytes->data, bytes->len, DEPTH, out_channels, error);
}

static void
assert_msgpack (ChannelsEvent *event, const char *hex)
{
  g_autoptr (GError) error = NULL;
  GBytes *bytes = channels_event_get_msgpack (event, &error);
  g_autofree char *found = NULL;

  g_assert_no_error (error);
  found = channels_test_to_hex (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_assert_cmpstr (found, ==, hex);
}

static void
assert_value (ChannelsEvent *event, const char *value)
{
  g_autoptr (GVariant) expected = parse (value);

  g_assert_cmpvariant (channels_event_get_variant (event), expected);
}

static void
test_event_from_msgpack (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsEvent) event = from_hex (EVENT, DEPTH, &error);

  g_test_summary ("An event from another node has its type, its values and the bytes it came with");

  g_assert_no_error (error);
  g_assert_cmpstr (channels_event_get_event_type (event), ==, "chat.message");
  assert_value (event, VALUE);
  assert_msgpack (event, EVENT);
}

static void
test_event_from_msgpack_any_type (void)
{
  static const char *const cases[] = {
    "81a474797065a0",                                   /* "" */
    "81a474797065a25f78",                               /* "_x" */
    "81a474797065b1776562736f636b65742e72656365697665", /* "websocket.receive" */
  };

  g_test_summary ("What type another node gave its event is its own affair");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ChannelsEvent) event = from_hex (cases[i], DEPTH, &error);

      g_assert_no_error (error);
      assert_msgpack (event, cases[i]);
    }
}

static void
test_event_refuses_msgpack (void)
{
  static const char *const cases[] = {
    "c0",             /* nil */
    "90",             /* [] */
    "a474797065",     /* "type" */
    "80",             /* {} */
    "81a474797065c0", /* {"type": nil} */
    "81a47479706501", /* {"type": 1} */
    "81a474797065",   /* half of one */
    "",
  };

  g_test_summary ("What is no map with a string for a type is no event");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (from_hex (cases[i], DEPTH, &error));
      g_assert_error (error, CHANNELS_ERROR, CHANNELS_ERROR_INVALID_EVENT);
    }
}

static void
test_event_msgpack_depth_is_bounded (void)
{
  g_autoptr (ChannelsEvent) event = from_hex (EVENT, 2, NULL);
  g_autoptr (GError) error = NULL;

  g_test_summary ("An event is its first level");

  g_assert_nonnull (event);
  g_assert_null (from_hex (EVENT, 1, &error));

  g_assert_error (error, CHANNELS_ERROR, CHANNELS_ERROR_INVALID_EVENT);
}

static void
test_event_addressed_to_many (void)
{
  g_auto (GStrv) channels = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsEvent) event = addressed (TO_BOTH, &channels, &error);

  g_test_summary (
      "An event for several channels says which, and does not have it among its values");

  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (channels), ==, 2);
  g_assert_cmpstr (channels[0], ==, FIRST);
  g_assert_cmpstr (channels[1], ==, SECOND);
  assert_value (event, VALUE);
  assert_msgpack (event, EVENT);
}

static void
test_event_addressed_to_one (void)
{
  g_auto (GStrv) channels = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsEvent) event = addressed (TO_FIRST, &channels, &error);

  g_test_summary ("An event for one channel says which");

  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (channels), ==, 1);
  g_assert_cmpstr (channels[0], ==, FIRST);
  assert_value (event, VALUE);
}

static void
test_event_addressed_to_none (void)
{
  g_auto (GStrv) channels = NULL;
  g_autoptr (ChannelsEvent) event = addressed ("82a474797065a178" KEY "90", &channels, NULL);

  g_test_summary ("An empty list of channels is one");

  g_assert_nonnull (event);
  g_assert_cmpuint (g_strv_length (channels), ==, 0);
}

static void
test_event_addressed_whatever_the_depth (void)
{
  g_autoptr (GByteArray) bytes = channels_test_from_hex ("82a474797065a178" KEY "91a161");
  g_auto (GStrv) channels = NULL;
  g_autoptr (ChannelsEvent) event = NULL;

  g_test_summary ("The list of channels has room in its event, even where nothing may be nested");

  event = channels_event_new_addressed (bytes->data, bytes->len, 1, &channels, NULL);

  g_assert_nonnull (event);
  g_assert_cmpstr (channels[0], ==, "a");
}

static void
test_event_addressed_refuses (void)
{
  static const char *const cases[] = {
    EVENT,                               /* for whom? */
    "82a474797065a178" KEY "c0",         /* nil */
    "82a474797065a178" KEY "c40161",     /* bytes */
    "82a474797065a178" KEY "92a16101",   /* not only strings */
    "82a474797065a178" KEY "9191a161",   /* a list in a list */
    "82a474797065a178" KEY "81a161a161", /* a map */
    "81" KEY "a161",                     /* no type */
    "90",                                /* no map */
  };

  g_test_summary ("An event that does not say whom it is for is refused, and says nothing");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      char **channels = NULL;

      g_assert_null (addressed (cases[i], &channels, &error));
      g_assert_error (error, CHANNELS_ERROR, CHANNELS_ERROR_INVALID_EVENT);
      g_assert_null (channels);
    }
}

static void
test_event_to_send (void)
{
  const char *const names[] = { FIRST, SECOND, NULL };
  g_autoptr (GVariant) both = g_variant_ref_sink (g_variant_new_strv (names, -1));
  g_autoptr (GVariant) first = g_variant_ref_sink (g_variant_new_string (FIRST));
  g_autoptr (GVariant) dictionary = parse (VALUE);
  g_autoptr (ChannelsEvent) event = channels_event_new_from_variant (dictionary, DEPTH, NULL);
  GBytes *map = channels_event_get_msgpack (event, NULL);
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autofree char *to_both = NULL;
  g_autofree char *to_first = NULL;

  g_test_summary ("An event and those that it is for have the bytes that channels_redis sends");

  channels_msgpack_append_map_with (out, map, CHANNELS_EVENT_KEY_CHANNEL, both, NULL);
  to_both = channels_test_to_hex (out->data, out->len);
  g_byte_array_set_size (out, 0);
  channels_msgpack_append_map_with (out, map, CHANNELS_EVENT_KEY_CHANNEL, first, NULL);
  to_first = channels_test_to_hex (out->data, out->len);

  assert_msgpack (event, EVENT);
  g_assert_cmpstr (to_both, ==, TO_BOTH);
  g_assert_cmpstr (to_first, ==, TO_FIRST);
}

static void
test_event_chat_to_msgpack (void)
{
  g_autoptr (ChannelsEvent) event = channels_event_new_chat ("\"h\\u00e9llo\"", 12);

  g_test_summary ("A browser's message becomes MessagePack, once");

  assert_msgpack (event, "82a474797065ac636861745f6d657373616765a76d657373616765a668c3a96c6c6f");
  g_assert_true (channels_event_get_msgpack (event, NULL) ==
                 channels_event_get_msgpack (event, NULL));
}

static void
test_event_without_msgpack (void)
{
  g_autoptr (GString) json = g_string_new ("[");
  g_autoptr (ChannelsEvent) event = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("An event that is nested too deep for MessagePack says so each time");

  for (guint i = 1; i < DEPTH; i++)
    g_string_append_c (json, '[');
  for (guint i = 0; i < DEPTH; i++)
    g_string_append_c (json, ']');
  event = channels_event_new_chat (json->str, json->len);

  g_assert_null (channels_event_get_msgpack (event, NULL));
  g_assert_null (channels_event_get_msgpack (event, &error));
  g_assert_error (error, CHANNELS_ERROR, CHANNELS_ERROR_INVALID_EVENT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/event-msgpack/from", test_event_from_msgpack);
  g_test_add_func ("/event-msgpack/any-type", test_event_from_msgpack_any_type);
  g_test_add_func ("/event-msgpack/refuses", test_event_refuses_msgpack);
  g_test_add_func ("/event-msgpack/depth-is-bounded", test_event_msgpack_depth_is_bounded);
  g_test_add_func ("/event-msgpack/addressed-to-many", test_event_addressed_to_many);
  g_test_add_func ("/event-msgpack/addressed-to-one", test_event_addressed_to_one);
  g_test_add_func ("/event-msgpack/addressed-to-none", test_event_addressed_to_none);
  g_test_add_func ("/event-msgpack/addressed-whatever-the-depth",
                   test_event_addressed_whatever_the_depth);
  g_test_add_func ("/event-msgpack/addressed-refuses", test_event_addressed_refuses);
  g_test_add_func ("/event-msgpack/to-send", test_event_to_send);
  g_test_add_func ("/event-msgpack/chat", test_event_chat_to_msgpack);
  g_test_add_func ("/event-msgpack/without", test_event_without_msgpack);

  return g_test_run ();
}
