/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-handshake.h"

#include "channels-test-wait.h"
#include "ws-client.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>

#define PORT 8484
#define HEAD_MAX 256
#define BODY_MAX 16
#define TIME (5 * G_TIME_SPAN_SECOND)

#define REQUEST "GET /ws/chat/ HTTP/1.1\r\nHost: localhost:8484\r\n\r\n"

typedef struct
{
  ChannelsPoller *poller;       /* (owned) */
  ChannelsHandshake *handshake; /* (owned) (nullable): until it has ended */
  WsClient *client;             /* (owned) */
  guint calls;
  gboolean has_head;
  char *path;    /* (owned) (nullable): of the head */
  GError *error; /* (owned) (nullable) */
  GBytes *rest;  /* (owned) (nullable) */
} Fixture;

static void
on_handshake (ChannelsHandshake *handshake,
              const ChannelsRequestHead *head,
              const GError *error,
              gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_cmpuint (channels_handshake_get_port (handshake), ==, PORT);
  g_assert_true (handshake == fixture->handshake);

  fixture->calls++;
  fixture->has_head = head != NULL;
  fixture->path = head != NULL ? g_strdup (head->path) : NULL;
  fixture->error = error != NULL ? g_error_copy (error) : NULL;
  fixture->rest = channels_handshake_get_rest (handshake);
  g_clear_pointer (&fixture->handshake, channels_handshake_free);
}

static void
connect_client (Fixture *fixture)
{
  const ChannelsHandshakeBounds bounds = { .head = HEAD_MAX, .body = BODY_MAX, .time = TIME };
  int ours;
  int peers;

  ws_pair_connect (&ours, &peers);
  fixture->client = ws_client_new (peers);
  fixture->handshake =
      channels_handshake_new (fixture->poller, ours, PORT, &bounds, on_handshake, fixture);
}

static void
disconnect_client (Fixture *fixture)
{
  g_clear_pointer (&fixture->handshake, channels_handshake_free);
  g_clear_pointer (&fixture->client, ws_client_free);
  g_clear_pointer (&fixture->path, g_free);
  g_clear_pointer (&fixture->rest, g_bytes_unref);
  g_clear_error (&fixture->error);
  fixture->calls = 0;
}

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  fixture->poller = channels_poller_new (&error);
  g_assert_no_error (error);
  connect_client (fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  disconnect_client (fixture);
  g_assert_finalize_object (fixture->poller);
}

static void
turn_until_idle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
expect_head (Fixture *fixture, const char *path)
{
  channels_test_wait_until (fixture->calls > 0);
  g_assert_no_error (fixture->error);
  g_assert_true (fixture->has_head);
  g_assert_cmpstr (fixture->path, ==, path);
  g_assert_cmpuint (fixture->calls, ==, 1);
}

static void
expect_refusal (Fixture *fixture, int status)
{
  channels_test_wait_until (fixture->calls > 0);
  g_assert_error (fixture->error, CHANNELS_HTTP_ERROR, status);
  g_assert_false (fixture->has_head);
  g_assert_cmpuint (fixture->calls, ==, 1);
}

static void
expect_rest (Fixture *fixture, const char *text)
{
  g_assert_nonnull (fixture->rest);
  g_assert_cmpmem (g_bytes_get_data (fixture->rest, NULL), g_bytes_get_size (fixture->rest), text,
                   strlen (text));
}

/* A request of so many bytes. */
static char *
request_of_size (gsize size)
{
  GString *request = g_string_new ("GET / HTTP/1.1\r\nHost: localhost\r\nX-Padding: ");

  while (request->len < size - 4)
    g_string_append_c (request, 'x');
  g_string_append (request, "\r\n\r\n");
  g_assert_cmpuint (request->len, ==, size);

  return g_string_free (request, FALSE);
}

static void
test_handshake_takes_a_head (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("A head that comes in one piece is handed over, with nothing behind it");

  ws_client_send_string (fixture->client, REQUEST);

  expect_head (fixture, "/ws/chat/");
  g_assert_null (fixture->rest);
}

static void
test_handshake_takes_a_head_byte_by_byte (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("A head may come byte by byte: it is there with its last");

  for (const char *byte = REQUEST; *byte != '\0'; byte++)
    {
      turn_until_idle ();
      g_assert_cmpuint (fixture->calls, ==, 0);
      ws_client_send (fixture->client, byte, 1);
    }

  expect_head (fixture, "/ws/chat/");
}

static void
test_handshake_takes_a_head_split_anywhere (Fixture *fixture, gconstpointer unused)
{
  gsize length = strlen (REQUEST);

  g_test_summary ("Wherever a head is split in two, it is the same head");

  for (gsize split = 1; split < length; split++)
    {
      ws_client_send (fixture->client, REQUEST, split);
      turn_until_idle ();
      g_assert_cmpuint (fixture->calls, ==, 0);
      ws_client_send (fixture->client, &REQUEST[split], length - split);
      expect_head (fixture, "/ws/chat/");

      disconnect_client (fixture);
      connect_client (fixture);
    }
}

static void
test_handshake_takes_a_head_of_its_bound (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *request = request_of_size (HEAD_MAX);

  g_test_summary ("A head may have as many bytes as its bound says");

  ws_client_send_string (fixture->client, request);

  expect_head (fixture, "/");
}

static void
test_handshake_refuses_one_byte_more (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *request = request_of_size (HEAD_MAX + 1);

  g_test_summary ("A head of one byte more is refused with 431");

  ws_client_send_string (fixture->client, request);

  expect_refusal (fixture, 431);
}

static void
test_handshake_refuses_a_head_without_end (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *request = request_of_size (HEAD_MAX + 100);

  g_test_summary ("A head that is not over at its bound is refused before more comes");

  ws_client_send (fixture->client, request, HEAD_MAX - 1);
  turn_until_idle ();
  g_assert_cmpuint (fixture->calls, ==, 0);
  ws_client_send (fixture->client, request, 1);

  expect_refusal (fixture, 431);
}

static void
test_handshake_refuses_what_is_no_http (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("What does not parse as a request is refused with its status");

  ws_client_send_string (fixture->client, "HELLO\r\n\r\n");

  expect_refusal (fixture, 400);
}

static void
test_handshake_keeps_what_is_behind_the_head (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("What a browser sends behind its request is kept for later");

  ws_client_send_string (fixture->client, REQUEST "early bytes");

  expect_head (fixture, "/ws/chat/");
  expect_rest (fixture, "early bytes");
}

static void
test_handshake_throws_a_body_away (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("A body is awaited, however it is cut up, and thrown away; what follows is kept");

  ws_client_send_string (fixture->client,
                         "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 16\r\n\r\nonly");
  turn_until_idle ();
  g_assert_cmpuint (fixture->calls, ==, 0);
  ws_client_send_string (fixture->client, "eleven mor");
  turn_until_idle ();
  g_assert_cmpuint (fixture->calls, ==, 0);
  ws_client_send_string (fixture->client, "e!rest");

  expect_head (fixture, "/");
  expect_rest (fixture, "rest");
}

static void
test_handshake_refuses_a_large_body (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("A body of one byte more than its bound is refused with 413, unseen");

  ws_client_send_string (fixture->client,
                         "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 17\r\n\r\n");

  expect_refusal (fixture, 413);
}

static void
test_handshake_ends_in_time (Fixture *fixture, gconstpointer unused)
{
  ChannelsDeadlines *deadlines = channels_poller_get_deadlines (fixture->poller);
  gint64 due = channels_deadlines_get_next (deadlines);

  g_test_summary ("A head that is not here in time is refused with 408, not a µs before");

  ws_client_send_string (fixture->client, "GET / HTTP/1.1\r\n");
  turn_until_idle ();
  g_assert_cmpint (due - g_get_monotonic_time (), <=, TIME);
  channels_deadlines_run (deadlines, due - 1);
  g_assert_cmpuint (fixture->calls, ==, 0);

  channels_deadlines_run (deadlines, due);
  expect_refusal (fixture, 408);
  g_assert_cmpint (channels_deadlines_get_next (deadlines), ==, -1);
}

static void
test_handshake_does_not_wait_longer_for_a_body (Fixture *fixture, gconstpointer unused)
{
  ChannelsDeadlines *deadlines = channels_poller_get_deadlines (fixture->poller);
  gint64 due = channels_deadlines_get_next (deadlines);

  g_test_summary ("The time is for the body as well");

  ws_client_send_string (fixture->client,
                         "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 16\r\n\r\n");
  turn_until_idle ();
  channels_deadlines_run (deadlines, due);

  expect_refusal (fixture, 408);
}

static void
test_handshake_notices_who_goes_away (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("A peer that goes away in the middle is no request, and no refusal");

  ws_client_send_string (fixture->client, "GET / HT");
  g_assert_no_errno (shutdown (fixture->client->fd, SHUT_WR));

  channels_test_wait_until (fixture->calls > 0);
  g_assert_false (fixture->has_head);
  g_assert_no_error (fixture->error);
  g_assert_cmpuint (fixture->calls, ==, 1);
}

static void
test_handshake_serves_who_says_no_more (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("A peer that closes its side behind a whole request is served");

  ws_client_send_string (fixture->client, REQUEST);
  g_assert_no_errno (shutdown (fixture->client->fd, SHUT_WR));

  expect_head (fixture, "/ws/chat/");
}

static void
test_handshake_freed_calls_nobody (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("A handshake that is freed closes the connection, and calls nobody");

  ws_client_send_string (fixture->client, "GET");
  turn_until_idle ();
  g_clear_pointer (&fixture->handshake, channels_handshake_free);

  ws_client_expect_end (fixture->client);
  g_assert_cmpuint (fixture->calls, ==, 0);
}

static void
test_handshake_gives_its_descriptor_away (Fixture *fixture, gconstpointer unused)
{
  int fd = channels_handshake_steal_fd (fixture->handshake);

  g_test_summary ("A descriptor that was taken from a handshake outlives it");

  g_clear_pointer (&fixture->handshake, channels_handshake_free);

  g_assert_cmpint (send (fd, "x", 1, 0), ==, 1);
  channels_test_wait_until (fixture->client->received->len == 1);
  g_close (fd, NULL);
}

#define add(path, test) g_test_add ("/handshake/" path, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("head/whole", test_handshake_takes_a_head);
  add ("head/byte-by-byte", test_handshake_takes_a_head_byte_by_byte);
  add ("head/split", test_handshake_takes_a_head_split_anywhere);
  add ("head/of-its-bound", test_handshake_takes_a_head_of_its_bound);
  add ("head/too-large", test_handshake_refuses_one_byte_more);
  add ("head/without-end", test_handshake_refuses_a_head_without_end);
  add ("head/invalid", test_handshake_refuses_what_is_no_http);
  add ("rest", test_handshake_keeps_what_is_behind_the_head);
  add ("body/thrown-away", test_handshake_throws_a_body_away);
  add ("body/too-large", test_handshake_refuses_a_large_body);
  add ("time/head", test_handshake_ends_in_time);
  add ("time/body", test_handshake_does_not_wait_longer_for_a_body);
  add ("gone", test_handshake_notices_who_goes_away);
  add ("half-closed", test_handshake_serves_who_says_no_more);
  add ("freed", test_handshake_freed_calls_nobody);
  add ("descriptor", test_handshake_gives_its_descriptor_away);

  return g_test_run ();
}
