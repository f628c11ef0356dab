/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-connection.h"

#include "channels-echo-consumer.h"
#include "channels-error.h"
#include "channels-test-wait.h"
#include "conversation.h"

#include <string.h>
#include <sys/socket.h>

#define HELLO "{\"message\": \"hello\"}"

/* Bytes of a message that is still allowed, in the tests that bound it. */
#define MESSAGE_SIZE 1024

/* What no browser sends, and the code that it is closed with. */
typedef struct
{
  const char *path;
  const char *bytes;
  gsize size;
  guint16 code;
} Violation;

#define VIOLATION(path, bytes, code)                                                               \
  {                                                                                                \
    path, bytes, sizeof (bytes) - 1, code                                                          \
  }

static const Violation violations[] = {
  VIOLATION ("/connection/violation/unmasked", "\x81\x02hi", 1002),
  VIOLATION ("/connection/violation/reserved-bit", "\xc1\x80\0\0\0\0", 1002),
  VIOLATION ("/connection/violation/opcode", "\x83\x80\0\0\0\0", 1002),
  VIOLATION ("/connection/violation/continuation", "\x80\x80\0\0\0\0", 1002),
  VIOLATION ("/connection/violation/ping-126", "\x89\xfe\0\x7e\0\0\0\0", 1002),
  VIOLATION ("/connection/violation/close-of-1-byte", "\x88\x81\0\0\0\0\x03", 1002),
  VIOLATION ("/connection/violation/binary", "\x82\x80\0\0\0\0", 1003),
  VIOLATION ("/connection/violation/not-utf-8", "\x81\x82\0\0\0\0\xc3\x28", 1007),
  VIOLATION ("/connection/violation/too-big", "\x81\xff\0\0\0\0\x40\0\0\0\0\0\0\0", 1009),
};

static void
test_connection_closes_with_a_code (Conversation *talk, gconstpointer data)
{
  const Violation *violation = data;

  g_test_summary ("Who breaks a rule is told which by the close code, and hears an orderly end");

  conversation_start (talk, NULL);
  ws_client_send (talk->client, violation->bytes, violation->size);

  ws_client_expect_close (talk->client, violation->code);
  ws_client_send_close (talk->client, violation->code);
  ws_client_expect_end (talk->client);
  g_assert_cmpuint (channels_audience_get_size (talk->audience), ==, 0);
}

static void
test_connection_is_deaf_after_a_violation (Conversation *talk, gconstpointer unused)
{
  g_test_summary ("What comes behind a violation is not heard");

  conversation_start (talk, NULL);
  ws_client_send (talk->client, "\x81\x02hi", 4);
  ws_client_send_text (talk->client, HELLO);

  ws_client_expect_close (talk->client, 1002);
  ws_client_expect_end (talk->client);
}

/* A message of so many bytes, in two frames. */
static void
send_message_of_size (Conversation *talk, gsize size)
{
  g_autofree char *text = g_malloc (size);

  memset (text, 'x', size);
  memcpy (text, "{\"message\": \"", 13);
  memcpy (text + size - 2, "\"}", 2);
  ws_client_send_frame (talk->client, WS_TEXT_FIRST, text, 100);
  ws_client_send_frame (talk->client, WS_CONTINUATION_LAST, text + 100, size - 100);
}

static void
test_connection_takes_a_message_of_its_bound (Conversation *talk, gconstpointer unused)
{
  guint8 first;
  g_autoptr (GBytes) payload = NULL;

  g_test_summary ("A message may have as many bytes, in all its frames, as its bound says");

  talk->limits.value[CHANNELS_LIMIT_MESSAGE_SIZE] = MESSAGE_SIZE;
  conversation_start (talk, NULL);
  send_message_of_size (talk, MESSAGE_SIZE);

  payload = ws_client_take_frame (talk->client, &first);
  g_assert_cmpuint (g_bytes_get_size (payload), ==, MESSAGE_SIZE);
}

static void
test_connection_refuses_one_byte_more (Conversation *talk, gconstpointer unused)
{
  g_test_summary ("A message of one byte more closes with 1009");

  talk->limits.value[CHANNELS_LIMIT_MESSAGE_SIZE] = MESSAGE_SIZE;
  conversation_start (talk, NULL);
  send_message_of_size (talk, MESSAGE_SIZE + 1);

  ws_client_expect_close (talk->client, 1009);
  ws_client_expect_end (talk->client);
}

static void
test_connection_shakes_hands_when_told (Conversation *talk, gconstpointer unused)
{
  g_test_summary ("A browser that closes gets its code back, then the end, and is in no group");

  conversation_start (talk, NULL);
  ws_client_send_close (talk->client, 1000);

  ws_client_expect_close (talk->client, 1000);
  ws_client_expect_end (talk->client);
  conversation_expect_closed (talk);
}

static void
test_connection_hears_nothing_behind_a_close (Conversation *talk, gconstpointer unused)
{
  g_test_summary ("What a browser sends behind its close is not heard");

  conversation_start (talk, NULL);
  ws_client_send_close (talk->client, 1000);
  ws_client_send_text (talk->client, HELLO);

  ws_client_expect_close (talk->client, 1000);
  ws_client_expect_end (talk->client);
}

static void
test_connection_shakes_hands_first (Conversation *talk, gconstpointer unused)
{
  g_test_summary ("Closed by us, it says all that waits, then why; the answer ends it");

  conversation_start (talk, NULL);
  conversation_send_to_group (talk, "hello");
  channels_connection_close (talk->connection, 1001, "the service stops");
  g_assert_cmpuint (channels_audience_get_size (talk->audience), ==, 0);
  conversation_send_to_group (talk, "too late");

  ws_client_expect_text (talk->client, HELLO);
  ws_client_expect_close (talk->client, 1001);
  g_assert_cmpuint (talk->closed, ==, 0);
  ws_client_send_close (talk->client, 1001);
  ws_client_expect_end (talk->client);
}

static void
test_connection_does_not_wait_for_an_answer (Conversation *talk, gconstpointer unused)
{
  ChannelsDeadlines *deadlines = channels_poller_get_deadlines (talk->poller);
  gint64 before;
  gint64 due;

  g_test_summary ("Who does not answer a close within three seconds is cut off, not a µs before");

  conversation_start (talk, NULL);
  conversation_settle (talk);
  before = g_get_monotonic_time ();
  channels_connection_close (talk->connection, 1001, NULL);
  due = channels_deadlines_get_next (deadlines);
  g_assert_cmpint (due, >=, before + 3 * G_TIME_SPAN_SECOND);
  g_assert_cmpint (due, <=, g_get_monotonic_time () + 3 * G_TIME_SPAN_SECOND);
  ws_client_expect_close (talk->client, 1001);
  channels_deadlines_run (deadlines, due - 1);
  g_assert_cmpuint (talk->closed, ==, 0);
  channels_deadlines_run (deadlines, due);

  ws_client_expect_reset (talk->client);
  conversation_expect_closed (talk);
}

static void
test_connection_does_not_wait_for_a_reader (Conversation *talk, gconstpointer unused)
{
  int small = 4 * 1024;
  ChannelsDeadlines *deadlines = channels_poller_get_deadlines (talk->poller);
  g_autoptr (GByteArray) frames = g_byte_array_new ();
  gsize size = 65000;
  g_autofree char *text = g_strnfill (size, 'x');
  gint64 before;

  g_test_summary ("A browser that closes, and takes nothing of what waits, is gone in 3 s");

  g_assert_no_errno (setsockopt (talk->ours, SOL_SOCKET, SO_SNDBUF, &small, sizeof small));
  g_assert_no_errno (setsockopt (talk->client->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small));
  conversation_start (talk, NULL);
  conversation_settle (talk);
  ws_client_pause (talk->client);
  memcpy (text, "{\"message\": \"", 13);
  memcpy (text + size - 2, "\"}", 2);
  ws_client_append_frame (frames, WS_TEXT, text, size);
  ws_client_append_frame (frames, WS_CLOSE, "\x03\xe8", 2);
  before = g_get_monotonic_time ();
  ws_client_send (talk->client, frames->data, frames->len);
  channels_test_wait_until (talk->closed == 1);
  g_assert_nonnull (talk->socket);
  g_assert_cmpuint (channels_socket_get_backlog (talk->socket), >, 0);

  channels_deadlines_run (deadlines, before + 3 * G_TIME_SPAN_SECOND - 1);
  g_assert_nonnull (talk->socket);
  channels_deadlines_run (deadlines, g_get_monotonic_time () + 3 * G_TIME_SPAN_SECOND);
  g_assert_null (talk->socket);
}

static void
test_connection_is_closed_by_its_channel (Conversation *talk, gconstpointer unused)
{
  g_autofree char *channel = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("Whoever knows the channel may close it, once: then nobody has it");

  conversation_start (talk, NULL);
  channel = conversation_find_channel (talk);
  g_assert_true (channels_hub_disconnect (talk->hub, channel, 4000, "enough", &error));
  g_assert_no_error (error);
  g_assert_false (channels_hub_disconnect (talk->hub, channel, 4000, "enough", &error));
  g_assert_error (error, CHANNELS_ERROR, CHANNELS_ERROR_NO_SUCH_CHANNEL);

  ws_client_expect_frame (talk->client, WS_CLOSE,
                          "\x0f\xa0"
                          "enough",
                          8);
}

static void
test_connection_ends_with_half_a_peer (Conversation *talk, gconstpointer unused)
{
  g_test_summary ("A browser that says no more, without a close, is gone");

  conversation_start (talk, NULL);
  g_assert_no_errno (shutdown (talk->client->fd, SHUT_WR));

  channels_test_wait_until (talk->client->ended);
  conversation_expect_closed (talk);
}

static void
test_connection_ends_with_its_peer (Conversation *talk, gconstpointer unused)
{
  g_test_summary ("A browser that vanishes in the middle of a frame is gone");

  conversation_start (talk, NULL);
  ws_client_send (talk->client, "\x81\x85\0\0\0\0he", 8);
  g_clear_pointer (&talk->client, ws_client_free);

  conversation_expect_closed (talk);
}

static void
test_connection_hears_the_last_words (Conversation *talk, gconstpointer unused)
{
  g_autoptr (GByteArray) frames = g_byte_array_new ();

  g_test_summary ("A message and a close that come at once are answered in this order");

  conversation_start (talk, NULL);
  ws_client_append_frame (frames, WS_TEXT, HELLO, strlen (HELLO));
  ws_client_append_frame (frames, WS_CLOSE, "\x03\xe8", 2);
  ws_client_send (talk->client, frames->data, frames->len);

  ws_client_expect_text (talk->client, HELLO);
  ws_client_expect_close (talk->client, 1000);
  ws_client_expect_end (talk->client);
}

static void
test_connection_hears_the_last_words_of_half_a_peer (Conversation *talk, gconstpointer unused)
{
  g_test_summary ("A browser that sends no more after its message is still shown it");

  conversation_start (talk, NULL);
  ws_client_send_frame (talk->client, WS_TEXT, HELLO, strlen (HELLO));
  g_assert_no_errno (shutdown (talk->client->fd, SHUT_WR));

  ws_client_expect_text (talk->client, HELLO);
  ws_client_expect_end (talk->client);
}

/* Sends to the group until the browser, which does not read, has been too slow. */
static guint
flood (Conversation *talk)
{
  g_autofree char *text = g_strnfill (1000, 'x');
  guint sent = 0;

  while (channels_audience_get_size (talk->audience) > 0)
    {
      conversation_send_to_group (talk, text);
      conversation_settle (talk);
      sent++;
    }

  return sent;
}

static void
test_connection_leaves_a_slow_browser (Conversation *talk, gconstpointer unused)
{
  int small = 32 * 1024;
  guint sent;
  guint read = 0;
  guint8 first = 0;

  g_test_summary ("A browser that reads too slowly gets all that waited, whole, then 4008");

  /* Little enough in all to be read within three seconds, however slow the machine. */
  talk->limits.value[CHANNELS_LIMIT_BACKLOG] = 64 * 1024;
  g_assert_no_errno (setsockopt (talk->ours, SOL_SOCKET, SO_SNDBUF, &small, sizeof small));
  g_assert_no_errno (setsockopt (talk->client->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small));
  conversation_start (talk, NULL);
  ws_client_pause (talk->client);
  sent = flood (talk);
  ws_client_resume (talk->client);

  for (;;)
    {
      g_autoptr (GBytes) payload = ws_client_take_frame (talk->client, &first);

      if (first == WS_CLOSE)
        {
          g_assert_cmpmem (g_bytes_get_data (payload, NULL), g_bytes_get_size (payload),
                           "\x0f\xa8"
                           "slow consumer",
                           15);
          break;
        }
      g_assert_cmpuint (g_bytes_get_size (payload), ==, 1015);
      read++;
    }

  /* All but the one that was too much. */
  g_assert_cmpuint (read, ==, sent - 1);
}

static void
test_connection_cuts_off_who_never_reads (Conversation *talk, gconstpointer unused)
{
  g_test_summary ("A browser that never reads is cut off three seconds after it was too slow");

  talk->limits.value[CHANNELS_LIMIT_BACKLOG] = 65536;
  conversation_start (talk, NULL);
  ws_client_pause (talk->client);
  flood (talk);
  g_assert_cmpuint (talk->closed, ==, 0);
  channels_deadlines_run (channels_poller_get_deadlines (talk->poller),
                          g_get_monotonic_time () + 3 * G_TIME_SPAN_SECOND);

  conversation_expect_closed (talk);
  g_assert_null (talk->socket);
}

static void
test_connection_leaves_who_takes_nothing (Conversation *talk, gconstpointer unused)
{
  int small = 4 * 1024;
  gint64 before;
  g_autofree char *text = g_strnfill (64 * 1024, 'x');
  ChannelsDeadlines *deadlines = channels_poller_get_deadlines (talk->poller);

  g_test_summary ("A browser that takes nothing of what waits is too slow after 10 s, not before");

  g_assert_no_errno (setsockopt (talk->ours, SOL_SOCKET, SO_SNDBUF, &small, sizeof small));
  g_assert_no_errno (setsockopt (talk->client->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small));
  conversation_start (talk, NULL);
  ws_client_pause (talk->client);
  before = g_get_monotonic_time ();
  conversation_send_to_group (talk, text);
  conversation_settle (talk);
  g_assert_cmpuint (channels_socket_get_backlog (talk->socket), >, 0);

  channels_deadlines_run (deadlines, before + 10 * G_TIME_SPAN_SECOND - 1);
  conversation_settle (talk);
  g_assert_cmpuint (channels_audience_get_size (talk->audience), ==, 1);

  channels_deadlines_run (deadlines, g_get_monotonic_time () + 10 * G_TIME_SPAN_SECOND);
  conversation_settle (talk);
  g_assert_cmpuint (channels_audience_get_size (talk->audience), ==, 0);
}

static void
test_connection_of_an_echo_takes_binary (Conversation *talk, gconstpointer unused)
{
  g_autoptr (ChannelsConsumer) echo = channels_echo_consumer_new ();

  g_test_summary ("An echo gives text and binary back, each as it came");

  conversation_start_with (talk, echo);
  ws_client_send_frame (talk->client, WS_BINARY, "\0\xff", 2);
  ws_client_send_text (talk->client, "any text");

  ws_client_expect_frame (talk->client, WS_BINARY, "\0\xff", 2);
  ws_client_expect_text (talk->client, "any text");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (violations); i++)
    conversation_add_test (violations[i].path, &violations[i], test_connection_closes_with_a_code);
  conversation_add_test ("/connection/violation/deaf", NULL,
                         test_connection_is_deaf_after_a_violation);
  conversation_add_test ("/connection/message-size/bound", NULL,
                         test_connection_takes_a_message_of_its_bound);
  conversation_add_test ("/connection/message-size/past-it", NULL,
                         test_connection_refuses_one_byte_more);
  conversation_add_test ("/connection/close/theirs", NULL, test_connection_shakes_hands_when_told);
  conversation_add_test ("/connection/close/behind", NULL,
                         test_connection_hears_nothing_behind_a_close);
  conversation_add_test ("/connection/close/ours", NULL, test_connection_shakes_hands_first);
  conversation_add_test ("/connection/close/unanswered", NULL,
                         test_connection_does_not_wait_for_an_answer);
  conversation_add_test ("/connection/close/unread", NULL,
                         test_connection_does_not_wait_for_a_reader);
  conversation_add_test ("/connection/close/by-channel", NULL,
                         test_connection_is_closed_by_its_channel);
  conversation_add_test ("/connection/gone/half", NULL, test_connection_ends_with_half_a_peer);
  conversation_add_test ("/connection/gone/within-a-frame", NULL,
                         test_connection_ends_with_its_peer);
  conversation_add_test ("/connection/close/last-words", NULL,
                         test_connection_hears_the_last_words);
  conversation_add_test ("/connection/close/last-words/half-closed", NULL,
                         test_connection_hears_the_last_words_of_half_a_peer);
  conversation_add_test ("/connection/slow/told", NULL, test_connection_leaves_a_slow_browser);
  conversation_add_test ("/connection/slow/cut-off", NULL,
                         test_connection_cuts_off_who_never_reads);
  conversation_add_test ("/connection/slow/takes-nothing", NULL,
                         test_connection_leaves_who_takes_nothing);
  conversation_add_test ("/connection/echo", NULL, test_connection_of_an_echo_takes_binary);

  return g_test_run ();
}
