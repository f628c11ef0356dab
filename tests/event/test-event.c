/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-error.h"
#include "channels-event.h"
#include "channels-json.h"

#include <string.h>

#define DEPTH 32

static GVariant *
parse (const char *text)
{
  return g_variant_ref_sink (g_variant_new_parsed (text));
}

static ChannelsEvent *
from_variant (const char *text)
{
  g_autoptr (GVariant) dictionary = parse (text);
  g_autoptr (GError) error = NULL;
  ChannelsEvent *event = channels_event_new_from_variant (dictionary, DEPTH, &error);

  g_assert_no_error (error);
  return event;
}

static ChannelsEvent *
from_json (const char *text)
{
  g_autoptr (GError) error = NULL;
  ChannelsEvent *event = channels_event_new_from_json (text, strlen (text), DEPTH, &error);

  g_assert_no_error (error);
  return event;
}

static void
assert_bytes (GBytes *bytes, const char *text)
{
  g_assert_nonnull (bytes);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), text, strlen (text));
}

static void
assert_event (ChannelsEvent *event,
              const char *type,
              const char *variant,
              const char *json,
              const char *message_json)
{
  g_autoptr (GVariant) expected = parse (variant);
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (channels_event_get_event_type (event), ==, type);
  assert_bytes (channels_event_get_message_json (event, &error), message_json);
  assert_bytes (channels_event_get_json (event, &error), json);
  g_assert_no_error (error);
  g_assert_false (g_variant_is_floating (channels_event_get_variant (event)));
  g_assert_cmpvariant (channels_event_get_variant (event), expected);
  g_assert_cmpstr (channels_event_get_event_type (event), ==, type);
}

static void
test_event_chat (void)
{
  static const char message[] = "{ \"b\" : 1e2 , \"a\" : \"\\u0041\" } and what is not its own";
  g_autoptr (ChannelsEvent) event = NULL;

  g_test_summary ("A browser's message is relayed byte for byte");

  event = channels_event_new_chat (message, 30);

  assert_event (event, "chat_message",
                "{'type': <'chat_message'>, 'message': <{'b': <100.0>, 'a': <'A'>}>}",
                "{\"type\":\"chat_message\",\"message\":{ \"b\" : 1e2 , \"a\" : \"\\u0041\" }}",
                "{ \"b\" : 1e2 , \"a\" : \"\\u0041\" }");
}

static void
test_event_chat_copies (void)
{
  g_autofree char *text = g_strdup ("\"hello\"");
  g_autoptr (ChannelsEvent) event = channels_event_new_chat (text, strlen (text));

  g_test_summary ("A chat event keeps a copy of its message");

  memset (text, 'x', strlen (text));

  assert_bytes (channels_event_get_message_json (event, NULL), "\"hello\"");
}

static void
test_event_chat_of_any_kind (void)
{
  static const struct
  {
    const char *json;
    const char *variant;
  } messages[] = {
    { "null", "{'type': <'chat_message'>, 'message': <signature ''>}" },
    { "true", "{'type': <'chat_message'>, 'message': <true>}" },
    { "18446744073709551615",
      "{'type': <'chat_message'>, 'message': <uint64 18446744073709551615>}" },
    { "\"聊天\"", "{'type': <'chat_message'>, 'message': <'聊天'>}" },
    { "[]", "{'type': <'chat_message'>, 'message': <@av []>}" },
  };

  g_test_summary ("A message may be any JSON value");

  for (guint i = 0; i < G_N_ELEMENTS (messages); i++)
    {
      g_autoptr (ChannelsEvent) event = NULL;
      g_autofree char *json = NULL;

      event = channels_event_new_chat (messages[i].json, strlen (messages[i].json));
      json = g_strdup_printf ("{\"type\":\"chat_message\",\"message\":%s}", messages[i].json);

      assert_event (event, "chat_message", messages[i].variant, json, messages[i].json);
    }
}

static void
test_event_chat_as_large_as_allowed (void)
{
  g_autoptr (GString) text = g_string_new ("[1");
  g_autoptr (ChannelsEvent) event = NULL;
  g_autoptr (GVariant) message = NULL;

  g_test_summary ("A message with as many values as are allowed has all its forms");

  for (guint i = 2; i < CHANNELS_JSON_VALUES_MAX; i++)
    g_string_append (text, ",1");
  g_string_append_c (text, ']');
  event = channels_event_new_chat (text->str, text->len);

  assert_bytes (channels_event_get_message_json (event, NULL), text->str);
  message = g_variant_lookup_value (channels_event_get_variant (event), "message", NULL);
  g_assert_cmpuint (g_variant_n_children (message), ==, CHANNELS_JSON_VALUES_MAX - 1);
}

static void
test_event_chat_text (void)
{
  g_autoptr (ChannelsEvent) event = channels_event_new_chat_text ("say \"聊天\"\n\x01");

  g_test_summary ("A text is a message once it is escaped");

  assert_event (event, "chat_message",
                "{'type': <'chat_message'>, 'message': <'say \"聊天\"\\n\\u0001'>}",
                "{\"type\":\"chat_message\",\"message\":\"say \\\"聊天\\\"\\n\\u0001\"}",
                "\"say \\\"聊天\\\"\\n\\u0001\"");
}

static void
test_event_from_variant (void)
{
  g_autoptr (ChannelsEvent) event = NULL;

  g_test_summary ("A dictionary is an event");

  event = from_variant ("{'type': <'news.flash'>, 'message': <(1, 'a')>, 'n': <byte 7>}");

  assert_event (event, "news.flash",
                "{'type': <'news.flash'>, 'message': <(1, 'a')>, 'n': <byte 7>}",
                "{\"type\":\"news.flash\",\"message\":[1,\"a\"],\"n\":7}", "[1,\"a\"]");
}

static void
test_event_from_variant_sinks (void)
{
  g_autoptr (ChannelsEvent) event = NULL;
  GVariant *dictionary = g_variant_new_parsed ("{'type': <'x'>}");

  g_test_summary ("A floating dictionary is consumed, and handed out unchanged");

  event = channels_event_new_from_variant (dictionary, DEPTH, NULL);

  g_assert_true (channels_event_get_variant (event) == dictionary);
  g_assert_false (g_variant_is_floating (dictionary));
}

static void
test_event_from_variant_refused_sinks (void)
{
  g_autoptr (GError) error = NULL;

  g_test_summary ("A floating dictionary that is refused is consumed too");

  g_assert_null (channels_event_new_from_variant (g_variant_new_parsed ("@a{sv} {}"), 1, &error));

  g_assert_error (error, CHANNELS_ERROR, CHANNELS_ERROR_INVALID_EVENT);
}

static void
test_event_type_outlives_serialising (void)
{
  g_autoptr (ChannelsEvent) event = from_variant ("{'type': <'x'>, 'message': <'y'>}");
  const char *type = channels_event_get_event_type (event);

  g_test_summary ("The type stays where it is when the dictionary changes its form");

  g_assert_nonnull (g_variant_get_data (channels_event_get_variant (event)));

  g_assert_cmpstr (type, ==, "x");
  g_assert_true (channels_event_get_event_type (event) == type);
}

static void
test_event_from_json (void)
{
  static const char text[] = " { \"message\" : [ 1.50 ] , \"type\" : \"x\" , \"n\" : null } \n";
  g_autoptr (ChannelsEvent) event = from_json (text);

  g_test_summary ("An event that came as JSON keeps its bytes");

  assert_event (event, "x", "{'message': <[<1.5>]>, 'type': <'x'>, 'n': <signature ''>}", text,
                "[ 1.50 ]");
}

static void
test_event_from_json_duplicates (void)
{
  g_autoptr (ChannelsEvent) event = NULL;

  g_test_summary ("Of members with one name, all forms of an event take the last");

  event = from_json ("{\"type\":\"a\",\"message\":1,\"type\":\"b\",\"m\\u0065ssage\":2}");

  assert_event (event, "b", "{'type': <'b'>, 'message': <int64 2>}",
                "{\"type\":\"a\",\"message\":1,\"type\":\"b\",\"m\\u0065ssage\":2}", "2");
}

static void
test_event_refuses_json (void)
{
  static const struct
  {
    const char *text;
    ChannelsJsonError code;
  } cases[] = {
    { "", CHANNELS_JSON_ERROR_SYNTAX },
    { "{\"type\":\"x\"", CHANNELS_JSON_ERROR_SYNTAX },
    { "{\"type\":\"x\",\"n\":1e999}", CHANNELS_JSON_ERROR_NUMBER },
    { "{\"type\":\"\\u0000\"}", CHANNELS_JSON_ERROR_STRING },
    { "[\"type\"]", CHANNELS_JSON_ERROR_NOT_AN_OBJECT },
    { "null", CHANNELS_JSON_ERROR_NOT_AN_OBJECT },
    { "{\"type\":\"x\",\"a\":[[[]]]}", CHANNELS_JSON_ERROR_TOO_DEEP },
  };

  g_test_summary ("What is no JSON object, or too deep, is no event");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", cases[i].text);
      g_assert_null (
          channels_event_new_from_json (cases[i].text, strlen (cases[i].text), 3, &error));
      g_assert_error (error, CHANNELS_JSON_ERROR, (int) cases[i].code);
    }
}

static const struct
{
  const char *type;
  gboolean is_good;
} types[] = {
  { "chat_message", TRUE },
  { "chat.message", TRUE },
  { "x", TRUE },
  { "x_", TRUE },
  { "x.", TRUE },
  { "聊天", TRUE },
  { "websocket", TRUE },
  { "websockets.x", TRUE },
  { "http", TRUE },
  { "https_x", TRUE },
  { "my_websocket.receive", TRUE },
  { "", FALSE },
  { "_x", FALSE },
  { "_", FALSE },
  { ".x", FALSE },
  { ".", FALSE },
  { "websocket.receive", FALSE },
  { "websocket_receive", FALSE },
  { "websocket.", FALSE },
  { "http.request", FALSE },
  { "http_request", FALSE },
};

static void
test_event_types (void)
{
  g_test_summary ("Types that Channels keeps for itself are refused, from wherever they come");

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"type\":\"%s\"}", types[i].type);
      g_autoptr (GVariant) dictionary =
          g_variant_ref_sink (g_variant_new_parsed ("{'type': <%s>}", types[i].type));
      g_autoptr (ChannelsEvent) one = NULL;
      g_autoptr (ChannelsEvent) other = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (GError) other_error = NULL;

      g_test_message ("type %s", types[i].type);
      one = channels_event_new_from_variant (dictionary, DEPTH, &error);
      other = channels_event_new_from_json (json, strlen (json), DEPTH, &other_error);

      g_assert_cmpint (one != NULL, ==, types[i].is_good);
      g_assert_cmpint (other != NULL, ==, types[i].is_good);
      if (!types[i].is_good)
        {
          g_assert_error (error, CHANNELS_ERROR, CHANNELS_ERROR_INVALID_EVENT);
          g_assert_error (other_error, CHANNELS_ERROR, CHANNELS_ERROR_INVALID_EVENT);
        }
    }
}

static void
test_event_refuses_variants (void)
{
  static const char *const bad[] = {
    "@a{sv} {}",
    "{'Type': <'x'>}",
    "{'type': <1>}",
    "{'type': <<'x'>>}",
    "{'type': <objectpath '/x'>}",
    "{'type': <b'x'>}",
    "{'type': <'x'>, 'h': <handle 1>}",
    "{'type': <'x'>, 'h': <@ah []>}",
    "{'type': <'x'>, 'h': <[<[(1, handle 1)]>]>}",
    "{'type': <'x'>, 'm': <just 1>}",
    "{'type': <'x'>, 'm': <@ams []>}",
    "{'type': <'x'>, 'k': <{1: 'a'}>}",
    "{'type': <'x'>, 'k': <@a{os} {}>}",
    "{'type': <'x'>, 'k': <[<{true: <1>}>]>}",
    "{'type': <'x'>, 'k': <{'a', 'b'}>}",
    "{'type': <'x'>, 'e': <()>}",
    "{'type': <'x'>, 'type': <'x'>}",
    "{'type': <'x'>, 'a': <1>, 'a': <2>}",
    "{'type': <'x'>, 'a': <[{'b': 1, 'c': 2, 'b': 3}]>}",
  };

  g_test_summary ("A dictionary without a type, or with what cannot travel, is no event");

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GVariant) dictionary = parse (bad[i]);
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", bad[i]);
      g_assert_null (channels_event_new_from_variant (dictionary, DEPTH, &error));
      g_assert_error (error, CHANNELS_ERROR, CHANNELS_ERROR_INVALID_EVENT);
    }
}

static void
test_event_depth_is_bounded (void)
{
  static const struct
  {
    const char *text;
    guint depth;
  } cases[] = {
    { "{'type': <'x'>}", 1 },
    { "{'type': <'x'>, 'a': <<<1>>>}", 1 },
    { "{'type': <'x'>, 'a': <@as []>}", 2 },
    { "{'type': <'x'>, 'a': <[1, 2]>}", 2 },
    { "{'type': <'x'>, 'a': <(1, 2)>}", 2 },
    { "{'type': <'x'>, 'a': <{'b': 'c'}>}", 2 },
    { "{'type': <'x'>, 'a': <{'b': <[<(1, 'x')>]>}>}", 4 },
    { "{'type': <'x'>, 'a': <[[[1]]]>}", 4 },
  };

  g_test_summary ("An event may be as deep as allowed; variants are no level");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GVariant) dictionary = parse (cases[i].text);
      g_autoptr (ChannelsEvent) event = NULL;
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", cases[i].text);
      event = channels_event_new_from_variant (dictionary, cases[i].depth, NULL);
      g_assert_nonnull (event);
      g_assert_null (channels_event_new_from_variant (dictionary, cases[i].depth - 1, &error));
      g_assert_error (error, CHANNELS_ERROR, CHANNELS_ERROR_INVALID_EVENT);
    }
}

static void
test_event_without_json (void)
{
  static const char *const values[] = { "b'bytes'", "nan", "inf", "[<-inf>]" };

  g_test_summary ("Bytes, NaN and the infinities travel, but have no JSON");

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autofree char *text = g_strdup_printf ("{'type': <'x'>, 'message': <%s>}", values[i]);
      g_autoptr (ChannelsEvent) event = from_variant (text);

      for (guint again = 0; again < 2; again++)
        {
          g_autoptr (GError) error = NULL;
          g_autoptr (GError) message_error = NULL;

          g_assert_null (channels_event_get_json (event, &error));
          g_assert_error (error, CHANNELS_JSON_ERROR, CHANNELS_JSON_ERROR_UNREPRESENTABLE);
          g_assert_null (channels_event_get_message_json (event, &message_error));
          g_assert_error (message_error, CHANNELS_JSON_ERROR, CHANNELS_JSON_ERROR_UNREPRESENTABLE);
        }
    }
}

static void
test_event_message_json_needs_only_the_message (void)
{
  g_autoptr (ChannelsEvent) event = from_variant ("{'type': <'x'>, 'message': <1>, 'n': <nan>}");

  g_test_summary ("A message has its JSON even where the event has none");

  g_assert_null (channels_event_get_json (event, NULL));

  assert_bytes (channels_event_get_message_json (event, NULL), "1");
}

static void
test_event_without_message (void)
{
  static const char *const texts[] = { "{\"type\":\"x\"}",
                                       "{\"type\":\"x\",\"a\":{\"message\":1}}" };

  g_test_summary ("An event need not have a message, and says so when asked");

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (ChannelsEvent) one = from_json (texts[i]);
      g_autoptr (ChannelsEvent) other = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (GError) other_error = NULL;

      other = channels_event_new_from_variant (channels_event_get_variant (one), DEPTH, NULL);

      g_assert_null (channels_event_get_message_json (one, &error));
      g_assert_error (error, CHANNELS_JSON_ERROR, CHANNELS_JSON_ERROR_NO_MEMBER);
      g_assert_null (channels_event_get_message_json (other, &other_error));
      g_assert_error (other_error, CHANNELS_JSON_ERROR, CHANNELS_JSON_ERROR_NO_MEMBER);
    }
}

static void
test_event_makes_each_form_once (void)
{
  g_autoptr (ChannelsEvent) event = from_variant ("{'type': <'x'>, 'message': <'y'>}");
  g_autoptr (ChannelsEvent) chat = channels_event_new_chat ("1", 1);

  g_test_summary ("However many ask, each form is made once");

  g_assert_true (channels_event_get_json (event, NULL) == channels_event_get_json (event, NULL));
  g_assert_true (channels_event_get_message_json (event, NULL) ==
                 channels_event_get_message_json (event, NULL));
  g_assert_true (channels_event_get_json (chat, NULL) == channels_event_get_json (chat, NULL));
  g_assert_true (channels_event_get_variant (chat) == channels_event_get_variant (chat));
}

static void
test_event_forms_outlive_it (void)
{
  ChannelsEvent *event = channels_event_new_chat ("[1]", 3);
  g_autoptr (GBytes) json = g_bytes_ref (channels_event_get_json (event, NULL));
  g_autoptr (GBytes) message = g_bytes_ref (channels_event_get_message_json (event, NULL));
  g_autoptr (GVariant) variant = g_variant_ref (channels_event_get_variant (event));

  g_test_summary ("Whoever holds a form holds it for itself");

  channels_event_unref (event);

  assert_bytes (json, "{\"type\":\"chat_message\",\"message\":[1]}");
  assert_bytes (message, "[1]");
  g_assert_cmpuint (g_variant_n_children (variant), ==, 2);
}

static char *
nest (const char *open, guint depth, const char *inner, const char *close)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < depth; i++)
    g_string_append (text, open);
  g_string_append (text, inner);
  for (guint i = 0; i < depth; i++)
    g_string_append (text, close);

  return g_string_free (text, FALSE);
}

static void
test_event_fits_bus (void)
{
  static const struct
  {
    const char *open;
    guint depth;
    const char *inner;
    const char *close;
    gboolean fits;
  } cases[] = {
    { "", 0, "\"text\"", "", TRUE },     { "{\"a\":", 20, "{}", "}", TRUE },
    { "{\"a\":", 21, "{}", "}", FALSE }, { "[", 31, "", "]", TRUE },
    { "[", 32, "", "]", FALSE },
  };

  g_test_summary ("An event that is too deep for D-Bus says so, at the level where the bus does");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = nest (cases[i].open, cases[i].depth, cases[i].inner, cases[i].close);
      g_autoptr (ChannelsEvent) event = channels_event_new_chat (text, strlen (text));

      g_test_message ("%s", text);
      g_assert_cmpint (channels_event_fits_bus (event), ==, cases[i].fits);
    }
}

static gpointer
count_references (gpointer user_data)
{
  for (guint i = 0; i < 100000; i++)
    channels_event_unref (channels_event_ref (user_data));

  return NULL;
}

static void
test_event_references_cross_threads (void)
{
  ChannelsEvent *event = channels_event_new_chat ("1", 1);
  GThread *threads[4];

  g_test_summary ("References are taken and dropped in any thread");

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("references", count_references, event);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);

  assert_bytes (channels_event_get_message_json (event, NULL), "1");
  channels_event_unref (event);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/event/chat", test_event_chat);
  g_test_add_func ("/event/chat-copies", test_event_chat_copies);
  g_test_add_func ("/event/chat-of-any-kind", test_event_chat_of_any_kind);
  g_test_add_func ("/event/chat-as-large-as-allowed", test_event_chat_as_large_as_allowed);
  g_test_add_func ("/event/chat-text", test_event_chat_text);
  g_test_add_func ("/event/from-variant", test_event_from_variant);
  g_test_add_func ("/event/from-variant-sinks", test_event_from_variant_sinks);
  g_test_add_func ("/event/from-variant-refused-sinks", test_event_from_variant_refused_sinks);
  g_test_add_func ("/event/type-outlives-serialising", test_event_type_outlives_serialising);
  g_test_add_func ("/event/from-json", test_event_from_json);
  g_test_add_func ("/event/from-json-duplicates", test_event_from_json_duplicates);
  g_test_add_func ("/event/refuses-json", test_event_refuses_json);
  g_test_add_func ("/event/types", test_event_types);
  g_test_add_func ("/event/refuses-variants", test_event_refuses_variants);
  g_test_add_func ("/event/depth-is-bounded", test_event_depth_is_bounded);
  g_test_add_func ("/event/without-json", test_event_without_json);
  g_test_add_func ("/event/message-json-needs-only-the-message",
                   test_event_message_json_needs_only_the_message);
  g_test_add_func ("/event/without-message", test_event_without_message);
  g_test_add_func ("/event/makes-each-form-once", test_event_makes_each_form_once);
  g_test_add_func ("/event/forms-outlive-it", test_event_forms_outlive_it);
  g_test_add_func ("/event/fits-bus", test_event_fits_bus);
  g_test_add_func ("/event/references-cross-threads", test_event_references_cross_threads);

  return g_test_run ();
}
