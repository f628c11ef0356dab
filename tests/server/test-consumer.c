/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-chat-consumer.h"
#include "channels-echo-consumer.h"

#include "channels-frame.h"
#include "channels-json.h"
#include "channels-names.h"

#include <string.h>

#define DEPTH 4

typedef struct
{
  ChannelsConsumer *chat; /* (owned) */
  ChannelsConsumer *echo; /* (owned) */
  GByteArray *frames;     /* (owned): what was appended */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->chat = channels_chat_consumer_new (DEPTH);
  fixture->echo = channels_echo_consumer_new ();
  fixture->frames = g_byte_array_new ();
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_assert_finalize_object (fixture->chat);
  g_assert_finalize_object (fixture->echo);
  g_byte_array_unref (fixture->frames);
}

/* The consumer's answer is one frame, and no more. */
static void
assert_frame (Fixture *fixture, guint8 opcode, const char *payload, gsize size)
{
  g_autoptr (GByteArray) expected = g_byte_array_new ();

  channels_frame_append (expected, opcode, payload, size);

  g_assert_cmpmem (fixture->frames->data, fixture->frames->len, expected->data, expected->len);
}

/* What a browser says in text; nothing is answered at once. */
static ChannelsEvent *
chat_receive (Fixture *fixture, const char *text, GError **error)
{
  g_autoptr (GBytes) message = g_bytes_new_static (text, strlen (text));
  ChannelsEvent *event = NULL;
  gboolean understood =
      channels_consumer_receive (fixture->chat, TRUE, message, &event, fixture->frames, error);

  g_assert_cmpint (understood, ==, event != NULL);
  g_assert_cmpuint (fixture->frames->len, ==, 0);

  return event;
}

/* What a browser sends, and the value of `message` that the others get. */
typedef struct
{
  const char *path;
  const char *text;
  const char *value;
} Relay;

static const Relay relays[] = {
  { "/chat/relays/string", "{\"message\":\"hello\"}", "\"hello\"" },
  { "/chat/relays/empty", "{\"message\": \"\"}", "\"\"" },
  { "/chat/relays/chinese", "{\"message\": \"你好\"}", "\"你好\"" },
  { "/chat/relays/escapes", "{\"message\": \"\\u4f60\\/\\n\"}", "\"\\u4f60\\/\\n\"" },
  { "/chat/relays/number", "{\"message\": 1.50e0}", "1.50e0" },
  { "/chat/relays/big-number", "{\"message\": 18446744073709551615}", "18446744073709551615" },
  { "/chat/relays/null", "{\"message\": null}", "null" },
  { "/chat/relays/spaces", " { \"message\" : [ 1 ,\t2 ] } ", "[ 1 ,\t2 ]" },
  { "/chat/relays/object", "{\"message\": {\"b\":1, \"a\": {}}}", "{\"b\":1, \"a\": {}}" },
  { "/chat/relays/deepest", "{\"message\": [[[0]]]}", "[[[0]]]" },
  { "/chat/relays/others-dropped", "{\"x\": 1, \"message\": \"m\", \"y\": 2}", "\"m\"" },
  { "/chat/relays/type-dropped", "{\"type\": \"websocket.close\", \"message\": 0}", "0" },
};

static void
test_chat_relays_byte_for_byte (Fixture *fixture, gconstpointer data)
{
  const Relay *relay = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsEvent) event = chat_receive (fixture, relay->text, &error);
  g_autofree char *payload = g_strdup_printf ("{\"message\": %s}", relay->value);

  g_test_summary ("A message's value goes to the group as it came, under a type that is set here");

  g_assert_no_error (error);
  g_assert_cmpstr (channels_event_get_event_type (event), ==, CHANNELS_EVENT_TYPE_CHAT);
  g_assert_true (channels_consumer_encode (fixture->chat, event, fixture->frames));
  assert_frame (fixture, CHANNELS_FRAME_TEXT, payload, strlen (payload));
}

/* What a browser sends, and the code of the error that it gets. */
typedef struct
{
  const char *path;
  const char *text;
  const char *code;
} Refusal;

static const Refusal refusals[] = {
  { "/chat/refuses/empty", "", "invalid-json" },
  { "/chat/refuses/no-json", "hello", "invalid-json" },
  { "/chat/refuses/half", "{\"message\": \"x\"", "invalid-json" },
  { "/chat/refuses/twice", "{\"message\": 1}{\"message\": 2}", "invalid-json" },
  { "/chat/refuses/comment", "{\"message\": 1 /* one */}", "invalid-json" },
  { "/chat/refuses/nul", "{\"message\": \"a\\u0000b\"}", "invalid-string" },
  { "/chat/refuses/surrogate", "{\"message\": \"\\ud800\"}", "invalid-string" },
  { "/chat/refuses/infinity", "{\"message\": 1e999}", "invalid-number" },
  { "/chat/refuses/too-deep", "{\"message\": [[[[0]]]]}", "too-deep" },
  { "/chat/refuses/array", "[\"message\"]", "not-an-object" },
  { "/chat/refuses/string", "\"message\"", "not-an-object" },
  { "/chat/refuses/no-message", "{\"massage\": 1}", "no-message" },
};

static void
test_chat_refuses_with_a_code (Fixture *fixture, gconstpointer data)
{
  const Refusal *refusal = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsEvent) event = chat_receive (fixture, refusal->text, &error);

  g_test_summary ("What is no message is refused with a code that programs can read");

  g_assert_null (event);
  g_assert_nonnull (error);
  g_assert_true (error->domain == CHANNELS_JSON_ERROR);
  g_assert_cmpstr (channels_json_error_get_code (error), ==, refusal->code);
}

static void
test_chat_takes_no_binary (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) message = g_bytes_new_static ("{\"message\": 1}", 14);
  g_autoptr (ChannelsEvent) event = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("A binary message is of a kind that closes, whatever is in it");

  g_assert_false (
      channels_consumer_receive (fixture->chat, FALSE, message, &event, fixture->frames, &error));
  g_assert_error (error, CHANNELS_CONSUMER_ERROR, CHANNELS_CONSUMER_ERROR_UNSUPPORTED);
  g_assert_null (event);
  g_assert_cmpuint (fixture->frames->len, ==, 0);
}

/* An event from elsewhere. */
static ChannelsEvent *
event_from_json (const char *text)
{
  g_autoptr (GError) error = NULL;
  ChannelsEvent *event = channels_event_new_from_json (text, strlen (text), DEPTH, &error);

  g_assert_no_error (error);

  return event;
}

static void
test_chat_shows_events_from_elsewhere (Fixture *fixture, gconstpointer data)
{
  g_autoptr (ChannelsEvent) event =
      event_from_json ("{\"type\": \"chat.message\", \"message\": [1, \"x\"]}");

  g_test_summary ("An event of the dotted type, as Django writes it too, is shown the same way");

  g_assert_true (channels_consumer_encode (fixture->chat, event, fixture->frames));
  assert_frame (fixture, CHANNELS_FRAME_TEXT, "{\"message\": [1, \"x\"]}",
                strlen ("{\"message\": [1, \"x\"]}"));
}

static void
test_chat_has_no_handler_for_other_events (Fixture *fixture, gconstpointer data)
{
  static const char *const texts[] = {
    "{\"type\": \"news\", \"message\": 1}",
    "{\"type\": \"chat_messages\", \"message\": 1}",
    "{\"type\": \"chat_message\", \"text\": \"no message\"}",
  };

  g_test_summary ("An event of another type, or without a message, is dropped without a trace");

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (ChannelsEvent) event = event_from_json (texts[i]);

      g_assert_false (channels_consumer_encode (fixture->chat, event, fixture->frames));
      g_assert_cmpuint (fixture->frames->len, ==, 0);
    }
}

static void
test_chat_joins_frames (Fixture *fixture, gconstpointer data)
{
  g_autoptr (ChannelsEvent) event = channels_event_new_chat_text ("x");
  g_autoptr (GByteArray) once = g_byte_array_new ();

  g_test_summary ("Frames are appended behind those that are there");

  channels_consumer_encode (fixture->chat, event, once);
  channels_consumer_encode (fixture->chat, event, fixture->frames);
  channels_consumer_encode (fixture->chat, event, fixture->frames);

  g_assert_cmpuint (fixture->frames->len, ==, 2 * once->len);
  g_assert_cmpmem (fixture->frames->data + once->len, once->len, once->data, once->len);
}

/* What an echo is asked for: a kind of message. */
typedef struct
{
  const char *path;
  gboolean text;
  guint8 opcode;
} Echo;

static const Echo echoes[] = {
  { "/echo/text", TRUE, CHANNELS_FRAME_TEXT },
  { "/echo/binary", FALSE, CHANNELS_FRAME_BINARY },
};

static void
test_echo_gives_back_what_it_gets (Fixture *fixture, gconstpointer data)
{
  const Echo *echo = data;
  g_autoptr (GBytes) message = g_bytes_new_static ("any\0thing", 9);
  g_autoptr (ChannelsEvent) event = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("An echo is of the same kind, to the byte, and goes to nobody else");

  g_assert_true (channels_consumer_receive (fixture->echo, echo->text, message, &event,
                                            fixture->frames, &error));
  g_assert_no_error (error);
  g_assert_null (event);
  assert_frame (fixture, echo->opcode, "any\0thing", 9);
}

static void
test_echo_gives_back_nothing_for_nothing (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) message = g_bytes_new_static ("", 0);
  g_autoptr (ChannelsEvent) event = NULL;

  g_test_summary ("An empty message is given back as an empty frame");

  g_assert_true (
      channels_consumer_receive (fixture->echo, TRUE, message, &event, fixture->frames, NULL));
  assert_frame (fixture, CHANNELS_FRAME_TEXT, "", 0);
}

static void
test_echo_shows_no_events (Fixture *fixture, gconstpointer data)
{
  g_autoptr (ChannelsEvent) event = channels_event_new_chat_text ("x");

  g_test_summary ("An echo shows nothing of what is sent to its group");

  g_assert_false (channels_consumer_encode (fixture->echo, event, fixture->frames));
  g_assert_cmpuint (fixture->frames->len, ==, 0);
}

static void
test_errors_are_text_frames (Fixture *fixture, gconstpointer data)
{
  static const char expected[] =
      "{\"error\": {\"code\": \"no-message\", \"message\": \"a \\\"quoted\\\" word\"}}";

  g_test_summary ("An error is a text frame of JSON, whatever its message says");

  channels_consumer_append_error (fixture->frames, "no-message", "a \"quoted\" word");

  assert_frame (fixture, CHANNELS_FRAME_TEXT, expected, strlen (expected));
}

static void
add (const char *path, gconstpointer data, void (*test) (Fixture *fixture, gconstpointer data))
{
  g_test_add (path, Fixture, data, set_up, test, tear_down);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (relays); i++)
    add (relays[i].path, &relays[i], test_chat_relays_byte_for_byte);
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    add (refusals[i].path, &refusals[i], test_chat_refuses_with_a_code);
  add ("/chat/binary", NULL, test_chat_takes_no_binary);
  add ("/chat/events/dotted", NULL, test_chat_shows_events_from_elsewhere);
  add ("/chat/events/others", NULL, test_chat_has_no_handler_for_other_events);
  add ("/chat/events/joined", NULL, test_chat_joins_frames);
  for (guint i = 0; i < G_N_ELEMENTS (echoes); i++)
    add (echoes[i].path, &echoes[i], test_echo_gives_back_what_it_gets);
  add ("/echo/empty", NULL, test_echo_gives_back_nothing_for_nothing);
  add ("/echo/events", NULL, test_echo_shows_no_events);
  add ("/consumer/error", NULL, test_errors_are_text_frames);

  return g_test_run ();
}
