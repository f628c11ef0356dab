/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-connection.h"

#include "channels-test-wait.h"
#include "conversation.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define HELLO "{\"message\": \"hello\"}"

/* Our ping is sent at this moment, if the browser says nothing. */
static gint64
next_deadline (Conversation *talk)
{
  return channels_deadlines_get_next (channels_poller_get_deadlines (talk->poller));
}

static void
run_deadlines (Conversation *talk, gint64 now)
{
  channels_deadlines_run (channels_poller_get_deadlines (talk->poller), now);
}

/* What is due next is due so many seconds after what has been done since @before. */
static void
assert_due_in (Conversation *talk, gint64 before, guint seconds)
{
  gint64 due = next_deadline (talk);

  g_assert_cmpint (due, >=, before + seconds * G_TIME_SPAN_SECOND);
  g_assert_cmpint (due, <=, g_get_monotonic_time () + seconds * G_TIME_SPAN_SECOND);
}

static void
test_connection_sends_to_its_group (Conversation *talk, gconstpointer unused)
{
  g_test_summary ("A browser's message comes back to it by its group, and so to everybody in it");

  conversation_start (talk, NULL);
  ws_client_send_text (talk->client, "{\"message\":\"hello\"}");

  ws_client_expect_text (talk->client, HELLO);
}

static void
test_connection_is_in_its_group_at_once (Conversation *talk, gconstpointer unused)
{
  g_autoptr (ChannelsEvent) event = channels_event_new_chat_text ("hello");

  g_test_summary ("A browser gets what is sent from the moment its connection is made");

  conversation_start (talk, NULL);

  g_assert_cmpuint (
      channels_hub_send_to_group (talk->hub, CONVERSATION_GROUP, event, NULL, NULL, NULL), ==, 1);
  ws_client_expect_text (talk->client, HELLO);
}

static void
test_connection_has_a_channel (Conversation *talk, gconstpointer unused)
{
  g_autoptr (ChannelsEvent) first = channels_event_new_chat_text ("to all");
  g_autoptr (ChannelsEvent) second = channels_event_new_chat_text ("to one");
  g_autofree char *channel = NULL;

  g_test_summary ("What is sent to a browser's channel comes behind what its group has for it");

  conversation_start (talk, NULL);
  channel = conversation_find_channel (talk);
  channels_hub_send_to_group (talk->hub, CONVERSATION_GROUP, first, NULL, NULL, NULL);
  g_assert_cmpuint (channels_hub_send_to_channel (talk->hub, channel, second, NULL, NULL, NULL), ==,
                    1);

  ws_client_expect_text (talk->client, "{\"message\": \"to all\"}");
  ws_client_expect_text (talk->client, "{\"message\": \"to one\"}");
}

static void
test_connection_answers_bad_input (Conversation *talk, gconstpointer unused)
{
  g_test_summary ("Bad input is answered by an error, and the conversation goes on");

  conversation_start (talk, NULL);
  ws_client_send_text (talk->client, "{\"massage\": 1}");
  ws_client_send_text (talk->client, HELLO);

  conversation_expect_error (talk, "no-message");
  ws_client_expect_text (talk->client, HELLO);
}

static void
test_connection_answers_a_ping (Conversation *talk, gconstpointer unused)
{
  g_test_summary ("A ping is answered by a pong with the same payload, up to 125 bytes");

  conversation_start (talk, NULL);
  ws_client_send_frame (talk->client, WS_PING, NULL, 0);
  ws_client_expect_frame (talk->client, WS_PONG, "", 0);
  ws_client_send_frame (talk->client, WS_PING, CONVERSATION_ALPHABET, 125);
  ws_client_expect_frame (talk->client, WS_PONG, CONVERSATION_ALPHABET, 125);
}

static void
test_connection_pings_who_is_silent (Conversation *talk, gconstpointer unused)
{
  gint64 before = g_get_monotonic_time ();
  gint64 due;

  g_test_summary ("A silent browser is pinged after 20 s, and not a µs before");

  conversation_start (talk, NULL);
  assert_due_in (talk, before, 20);
  conversation_settle (talk);
  due = next_deadline (talk);
  run_deadlines (talk, due - 1);
  conversation_settle (talk);
  g_assert_cmpuint (talk->client->received->len, ==, 0);

  run_deadlines (talk, due);
  ws_client_expect_frame (talk->client, WS_PING, "", 0);
}

static void
test_connection_pings_past_its_audience (Conversation *talk, gconstpointer unused)
{
  g_test_summary ("A ping does not have all that is gathered for a group written at once");

  conversation_start (talk, NULL);
  conversation_settle (talk);
  conversation_send_to_group (talk, "hello");
  run_deadlines (talk, next_deadline (talk));

  ws_client_expect_frame (talk->client, WS_PING, "", 0);
  ws_client_expect_text (talk->client, HELLO);
}

static void
test_connection_pings_nobody_who_talks (Conversation *talk, gconstpointer unused)
{
  gint64 due;
  gint64 before;

  g_test_summary ("Who has said something is not pinged until it has been silent for as long");

  conversation_start (talk, NULL);
  due = next_deadline (talk);
  before = g_get_monotonic_time ();
  ws_client_send_text (talk->client, HELLO);
  ws_client_expect_text (talk->client, HELLO);
  run_deadlines (talk, due);
  conversation_settle (talk);

  g_assert_cmpuint (talk->client->received->len, ==, 0);
  g_assert_cmpint (next_deadline (talk), >, due);
  assert_due_in (talk, before, 20);
}

static void
test_connection_leaves_who_does_not_answer (Conversation *talk, gconstpointer unused)
{
  gint64 pinged;
  gint64 due;

  g_test_summary ("Who does not answer a ping within 30 s is cut off, and not a µs before");

  conversation_start (talk, NULL);
  pinged = next_deadline (talk);
  run_deadlines (talk, pinged);
  ws_client_expect_frame (talk->client, WS_PING, "", 0);
  due = pinged + 30 * G_TIME_SPAN_SECOND;
  run_deadlines (talk, due - 1);
  conversation_settle (talk);
  g_assert_false (talk->client->ended);
  g_assert_cmpint (next_deadline (talk), ==, due);

  run_deadlines (talk, due);
  ws_client_expect_reset (talk->client);
  conversation_expect_closed (talk);
}

static void
test_connection_leaves_in_less_than_the_interval (Conversation *talk, gconstpointer unused)
{
  gint64 pinged;

  g_test_summary ("Who does not answer has no longer than is said, where the interval is longer");

  talk->limits.value[CHANNELS_LIMIT_PING_INTERVAL] = 3600;
  talk->limits.value[CHANNELS_LIMIT_PONG_TIMEOUT] = 10;
  conversation_start (talk, NULL);
  pinged = next_deadline (talk);
  run_deadlines (talk, pinged);

  g_assert_cmpint (next_deadline (talk), ==, pinged + 10 * G_TIME_SPAN_SECOND);
  run_deadlines (talk, next_deadline (talk));
  ws_client_expect_frame (talk->client, WS_PING, "", 0);
  ws_client_expect_reset (talk->client);
  conversation_expect_closed (talk);
}

static void
test_connection_stays_with_who_answers (Conversation *talk, gconstpointer unused)
{
  g_test_summary ("Who answers a ping is pinged again after as long a silence, and stays");

  talk->limits.value[CHANNELS_LIMIT_PING_INTERVAL] = 1;
  talk->limits.value[CHANNELS_LIMIT_PONG_TIMEOUT] = 3600;
  conversation_start (talk, NULL);

  for (guint i = 0; i < 2; i++)
    {
      ws_client_expect_frame (talk->client, WS_PING, "", 0);
      ws_client_send_frame (talk->client, WS_PONG, NULL, 0);
    }
  ws_client_send_text (talk->client, HELLO);
  ws_client_expect_text (talk->client, HELLO);
}

static void
test_connection_stays_with_who_is_unheard (Conversation *talk, gconstpointer unused)
{
  gint64 pinged;

  g_test_summary ("Who has answered in time stays, even if we had no time to read it");

  conversation_start (talk, NULL);
  conversation_settle (talk);
  pinged = next_deadline (talk);
  run_deadlines (talk, pinged);
  ws_client_expect_frame (talk->client, WS_PING, "", 0);
  ws_client_send_frame (talk->client, WS_PONG, NULL, 0);
  run_deadlines (talk, pinged + 30 * G_TIME_SPAN_SECOND);

  ws_client_send_text (talk->client, HELLO);
  ws_client_expect_text (talk->client, HELLO);
}

static void
test_connection_pings_nobody_at_0 (Conversation *talk, gconstpointer unused)
{
  g_test_summary ("Where the interval is 0 nobody is pinged");

  talk->limits.value[CHANNELS_LIMIT_PING_INTERVAL] = 0;
  conversation_start (talk, NULL);

  g_assert_cmpint (next_deadline (talk), ==, -1);
}

static void
test_connection_takes_a_message_in_pieces (Conversation *talk, gconstpointer unused)
{
  gsize length = strlen (HELLO);

  g_test_summary ("A message in frames of one byte each, with pings between, is one message");

  conversation_start (talk, NULL);
  for (gsize i = 0; i < length; i++)
    {
      guint8 first = i == 0            ? WS_TEXT_FIRST
                     : i == length - 1 ? WS_CONTINUATION_LAST
                                       : WS_CONTINUATION;

      ws_client_send_frame (talk->client, first, &HELLO[i], 1);
      ws_client_send_frame (talk->client, WS_PONG, NULL, 0);
    }

  ws_client_expect_text (talk->client, HELLO);
}

static void
test_connection_reads_past_what_is_urgent (Conversation *talk, gconstpointer unused)
{
  g_test_summary ("What stands behind urgent data is read as well, though each read ends in front");

  conversation_start (talk, NULL);
  conversation_settle (talk);
  ws_client_send_text (talk->client, HELLO);
  g_assert_cmpint (send (talk->client->fd, "!", 1, MSG_OOB), ==, 1);
  ws_client_send_text (talk->client, HELLO);

  ws_client_expect_text (talk->client, HELLO);
  ws_client_expect_text (talk->client, HELLO);
}

static void
test_connection_keeps_the_order_of_both_ways (Conversation *talk, gconstpointer unused)
{
  g_autoptr (GByteArray) frames = g_byte_array_new ();

  g_test_summary ("Whole messages and those in fragments are heard in the order of their ends");

  conversation_start (talk, NULL);
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *whole = g_strdup_printf ("{\"message\": %u}", 2 * i);
      g_autofree char *parts = g_strdup_printf ("{\"message\": %u}", 2 * i + 1);
      gsize length = strlen (parts);

      ws_client_append_frame (frames, WS_TEXT, whole, strlen (whole));
      ws_client_append_frame (frames, WS_TEXT_FIRST, parts, 5);
      ws_client_append_frame (frames, WS_PONG, NULL, 0);
      ws_client_append_frame (frames, WS_CONTINUATION_LAST, parts + 5, length - 5);
    }
  ws_client_send (talk->client, frames->data, frames->len);

  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *text = g_strdup_printf ("{\"message\": %u}", i);

      ws_client_expect_text (talk->client, text);
    }
}

static void
test_connection_takes_bytes_one_by_one (Conversation *talk, gconstpointer unused)
{
  g_autoptr (GByteArray) frame = g_byte_array_new ();

  g_test_summary ("A frame whose bytes come one by one is one frame");

  conversation_start (talk, NULL);
  ws_client_append_frame (frame, WS_TEXT, HELLO, strlen (HELLO));
  for (guint i = 0; i < frame->len; i++)
    {
      ws_client_send (talk->client, frame->data + i, 1);
      conversation_settle (talk);
    }

  ws_client_expect_text (talk->client, HELLO);
}

static void
test_connection_takes_many_frames_at_once (Conversation *talk, gconstpointer unused)
{
  g_autoptr (GByteArray) frames = g_byte_array_new ();

  g_test_summary ("More frames than one turn of the loop may have are all heard, in order");

  talk->limits.value[CHANNELS_LIMIT_MESSAGE_RATE] = 0;
  conversation_start (talk, NULL);
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *text = g_strdup_printf ("{\"message\": %u}", i);

      ws_client_append_frame (frames, WS_TEXT, text, strlen (text));
    }
  ws_client_send (talk->client, frames->data, frames->len);

  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *text = g_strdup_printf ("{\"message\": %u}", i);

      ws_client_expect_text (talk->client, text);
    }
}

static void
test_connection_hears_early_bytes (Conversation *talk, gconstpointer unused)
{
  g_autoptr (GByteArray) frames = g_byte_array_new ();
  g_autoptr (GBytes) early = NULL;
  gsize split;

  g_test_summary ("What came behind the request is heard first, though it ends within a frame");

  ws_client_append_frame (frames, WS_TEXT, HELLO, strlen (HELLO));
  split = frames->len + 3;
  ws_client_append_frame (frames, WS_TEXT, HELLO, strlen (HELLO));
  early = g_bytes_new (frames->data, split);
  conversation_start (talk, early);

  ws_client_expect_text (talk->client, HELLO);
  ws_client_send (talk->client, frames->data + split, frames->len - split);
  ws_client_expect_text (talk->client, HELLO);
}

static void
test_connection_limits_the_rate (Conversation *talk, gconstpointer unused)
{
  g_test_summary ("Messages past the burst are refused, and not sent; the browser stays");

  talk->limits.value[CHANNELS_LIMIT_MESSAGE_RATE] = 1;
  talk->limits.value[CHANNELS_LIMIT_MESSAGE_BURST] = 2;
  conversation_start (talk, NULL);
  for (guint i = 0; i < 3; i++)
    ws_client_send_text (talk->client, HELLO);

  ws_client_expect_text (talk->client, HELLO);
  ws_client_expect_text (talk->client, HELLO);
  conversation_expect_error (talk, "rate-limited");
}

static void
test_connection_ends_with_100_refusals (Conversation *talk, gconstpointer unused)
{
  g_test_summary ("A hundred refusals in a row close with 1008; 99, and then a message, do not");

  conversation_start (talk, NULL);
  for (guint i = 0; i < 99; i++)
    ws_client_send_text (talk->client, "?");
  ws_client_send_text (talk->client, HELLO);
  for (guint i = 0; i < 100; i++)
    ws_client_send_text (talk->client, "?");

  for (guint i = 0; i < 99; i++)
    conversation_expect_error (talk, "invalid-json");
  ws_client_expect_text (talk->client, HELLO);
  for (guint i = 0; i < 100; i++)
    conversation_expect_error (talk, "invalid-json");
  ws_client_expect_close (talk->client, 1008);
}

static void
test_connection_bounds_a_ping_flood (Conversation *talk, gconstpointer unused)
{
  g_autoptr (GByteArray) pings = g_byte_array_new ();
  gssize sent;

  g_test_summary ("Who pings without reading is read from no more: its pongs are bounded");

  conversation_start (talk, NULL);
  ws_client_pause (talk->client);
  for (guint i = 0; i < 512; i++)
    ws_client_append_frame (pings, WS_PING, CONVERSATION_ALPHABET, 125);

  /* Whole frames or none: the kernel takes a part only of the last. */
  do
    {
      sent = send (talk->client->fd, pings->data, pings->len, MSG_NOSIGNAL);
      conversation_settle (talk);
    }
  while (sent == (gssize) pings->len);

  /* One turn's pongs, of 256 frames. */
  g_assert_cmpuint (channels_socket_get_backlog (talk->socket), >, 0);
  g_assert_cmpuint (channels_socket_get_backlog (talk->socket), <=, 256 * 127);
}

static void
add (const char *path, void (*test) (Conversation *talk, gconstpointer unused))
{
  g_autofree char *full = g_strconcat ("/connection/", path, NULL);

  conversation_add_test (full, NULL, test);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("group", test_connection_sends_to_its_group);
  add ("group-at-once", test_connection_is_in_its_group_at_once);
  add ("channel", test_connection_has_a_channel);
  add ("bad-input", test_connection_answers_bad_input);
  add ("ping/answered", test_connection_answers_a_ping);
  add ("ping/ours", test_connection_pings_who_is_silent);
  add ("ping/past", test_connection_pings_past_its_audience);
  add ("ping/postponed", test_connection_pings_nobody_who_talks);
  add ("ping/unanswered", test_connection_leaves_who_does_not_answer);
  add ("ping/unanswered-soon", test_connection_leaves_in_less_than_the_interval);
  add ("ping/again", test_connection_stays_with_who_answers);
  add ("ping/unheard", test_connection_stays_with_who_is_unheard);
  add ("ping/never", test_connection_pings_nobody_at_0);
  add ("ping/flood", test_connection_bounds_a_ping_flood);
  add ("pieces/frames", test_connection_takes_a_message_in_pieces);
  add ("pieces/urgent", test_connection_reads_past_what_is_urgent);
  add ("pieces/both-ways", test_connection_keeps_the_order_of_both_ways);
  add ("pieces/bytes", test_connection_takes_bytes_one_by_one);
  add ("pieces/many", test_connection_takes_many_frames_at_once);
  add ("pieces/early", test_connection_hears_early_bytes);
  add ("rate", test_connection_limits_the_rate);
  add ("refusals", test_connection_ends_with_100_refusals);

  return g_test_run ();
}
