/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-server-private.h"

#include "server-fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>

/* Unfinished heads that there may be. */
#define HANDSHAKES 512

/* Kept back: for files and the bus, unfinished heads, pages and those who are refused. */
#define KEPT (64 + HANDSHAKES + 512 + 256)

#define GROUP "chat_chat_room"

/* More than the kernel takes for a browser that does not read. */
#define HUGE (16 * 1024 * 1024)

static void
settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* Sets how many descriptors there may be, and says how many there might before. */
static struct rlimit
allow_descriptors (rlim_t count)
{
  struct rlimit before;
  struct rlimit now;

  g_assert_no_errno (getrlimit (RLIMIT_NOFILE, &before));
  now = (struct rlimit){ .rlim_cur = count, .rlim_max = before.rlim_max };
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &now));

  return before;
}

static void
test_bounds_unfinished_heads (ServerFixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) clients = g_ptr_array_new_with_free_func ((GDestroyNotify) ws_client_free);
  struct rlimit before = allow_descriptors (4 * HANDSHAKES);
  WsClient *oldest;

  g_test_summary ("There may be 512 unfinished heads; one more, and the oldest of them goes");

  for (guint i = 0; i < HANDSHAKES; i++)
    g_ptr_array_add (clients, server_fixture_connect (fixture));
  settle ();
  for (guint i = 0; i < HANDSHAKES; i++)
    g_assert_false (((WsClient *) g_ptr_array_index (clients, i))->ended);

  g_ptr_array_add (clients, server_fixture_connect (fixture));
  oldest = g_ptr_array_index (clients, 0);
  channels_test_wait_until (oldest->ended);
  settle ();
  for (guint i = 1; i <= HANDSHAKES; i++)
    g_assert_false (((WsClient *) g_ptr_array_index (clients, i))->ended);
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &before));
}

static void
test_bounds_the_time_of_a_head (ServerFixture *fixture, gconstpointer unused)
{
  ChannelsDeadlines *deadlines = channels_poller_get_deadlines (fixture->server->poller);
  gint64 time = 5 * G_TIME_SPAN_SECOND;
  gint64 before = g_get_monotonic_time ();
  g_autoptr (WsClient) client = server_fixture_connect (fixture);
  gint64 due;

  g_test_summary ("A head has five seconds from when its connection was accepted");

  g_assert_cmpint (channels_deadlines_get_next (deadlines), ==, -1);
  channels_test_wait_until (channels_deadlines_get_next (deadlines) >= 0);
  due = channels_deadlines_get_next (deadlines);

  g_assert_cmpint (due, >=, before + time);
  g_assert_cmpint (due, <=, g_get_monotonic_time () + time);
  g_assert_false (client->ended);
}

static void
test_bounds_the_size_of_a_head (ServerFixture *fixture, gconstpointer unused)
{
  g_autofree char *start =
      g_strdup_printf ("GET /health HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n", fixture->port);

  g_test_summary ("A head may have 16 KiB, and not one byte more");

  for (gsize size = 16384; size <= 16385; size++)
    {
      g_autoptr (WsClient) client = server_fixture_connect (fixture);
      g_autofree char *padding = g_strnfill (size - strlen (start) - strlen ("X: \r\n\r\n"), 'x');
      g_autofree char *request = g_strconcat (start, "X: ", padding, "\r\n\r\n", NULL);
      g_autofree char *head = NULL;

      g_assert_cmpuint (strlen (request), ==, size);
      ws_client_send_string (client, request);
      head = ws_client_take_head (client);
      g_assert_true (g_str_has_prefix (head, size == 16384 ? "HTTP/1.1 200 " : "HTTP/1.1 431 "));
    }
}

static void
count_message (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
  ++*(guint *) user_data;
}

static void
test_bounds_who_is_nobody (ServerFixture *fixture, gconstpointer unused)
{
  WsClient *client = server_fixture_connect (fixture);
  ChannelsDoor *door = channels_server_get_door (fixture->server);
  gint64 before = channels_door_get_last_knock (door);

  guint n_messages = 0;
  guint handler =
      g_log_set_handler ("channels-server", G_LOG_LEVEL_MESSAGE, count_message, &n_messages);

  g_test_summary ("Who is gone before it is accepted is nobody's: it is let go, without a word");

  server_fixture_request (fixture, client, "GET /health", "");
  ws_client_free (client);
  channels_test_wait_until (channels_door_get_last_knock (door) != before);
  settle ();

  g_assert_cmpuint (g_hash_table_size (fixture->server->sockets), ==, 0);
  g_assert_cmpuint (n_messages, ==, 0);
  g_log_remove_handler ("channels-server", handler);
}

static void
test_bounds_who_cannot_be_asked_for (ServerFixture *fixture, gconstpointer unused)
{
  g_autoptr (WsClient) client = server_fixture_connect (fixture);
  int next = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  g_autofree char *head = NULL;
  GLogLevelFlags fatal;
  struct rlimit before;

  g_test_summary ("Without a descriptor to ask whose a connection is, it is to come again later");

  g_close (next, NULL);
  before = allow_descriptors ((rlim_t) next + 1);
  g_test_expect_message ("channels-server", G_LOG_LEVEL_MESSAGE,
                         "refused a connection with 503: it cannot be asked now which user this "
                         "connection belongs to");
  /* The listener may warn that it cannot accept one more; valgrind's kernel lets it. */
  fatal = g_log_set_always_fatal (G_LOG_FATAL_MASK);
  head = ws_client_take_head (client);
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &before));
  g_log_set_always_fatal (fatal);

  g_assert_true (g_str_has_prefix (head, "HTTP/1.1 503 "));
  g_test_assert_expected_messages ();
}

static guint64
get_connections_allowed (ServerFixture *fixture, rlim_t descriptors, guint64 wanted)
{
  struct rlimit before = allow_descriptors (descriptors);
  ChannelsLimits limits = fixture->limits;

  limits.value[CHANNELS_LIMIT_CONNECTIONS] = wanted;
  channels_server_set_rules (fixture->server, &limits, fixture->router);
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &before));

  return fixture->server->limits.value[CHANNELS_LIMIT_CONNECTIONS];
}

static void
test_bounds_connections_by_descriptors (ServerFixture *fixture, gconstpointer unused)
{
  rlim_t many = 2 * KEPT + 1;

  g_test_summary ("So many descriptors are kept back from connections, or half of what there is");

  g_assert_cmpuint (get_connections_allowed (fixture, many, 10000), ==, many - KEPT);
  g_assert_cmpuint (get_connections_allowed (fixture, many, many - KEPT - 1), ==, many - KEPT - 1);
  g_assert_cmpuint (get_connections_allowed (fixture, 2 * KEPT, 10000), ==, KEPT);
  g_assert_cmpuint (get_connections_allowed (fixture, 200, 10000), ==, 100);
}

static void
send_to_group (ServerFixture *fixture, gsize size)
{
  g_autofree char *text = g_strnfill (size, 'x');
  g_autoptr (ChannelsEvent) event = channels_event_new_chat_text (text);

  channels_hub_send_to_group (fixture->hub, GROUP, event, NULL, NULL, NULL);
  settle ();
}

static guint
count_members (ServerFixture *fixture)
{
  return channels_audience_get_size (
      channels_audiences_get (fixture->server->audiences, GROUP, CHANNELS_CONSUMER_CHAT));
}

/* A browser that does not read, and for which one event waits already. */
static WsClient *
enter_slowly (ServerFixture *fixture)
{
  WsClient *slow = server_fixture_enter (fixture, "/ws/chat/");

  ws_client_pause (slow);
  send_to_group (fixture, HUGE);
  g_assert_cmpuint (count_members (fixture), ==, 1);

  return slow;
}

static void
test_bounds_the_events_that_wait (ServerFixture *fixture, gconstpointer unused)
{
  g_autoptr (WsClient) slow = enter_slowly (fixture);

  g_test_summary ("As many events wait for a browser as BacklogEvents= says, and not one more");

  send_to_group (fixture, 1);
  send_to_group (fixture, 1);
  g_assert_cmpuint (count_members (fixture), ==, 1);

  send_to_group (fixture, 1);
  g_assert_cmpuint (count_members (fixture), ==, 0);
  g_assert_false (slow->ended);
}

static void
test_bounds_the_bytes_that_wait (ServerFixture *fixture, gconstpointer unused)
{
  g_autoptr (WsClient) slow = enter_slowly (fixture);

  g_test_summary ("Where Backlog= is full already, one byte more is too much");

  send_to_group (fixture, 1);

  g_assert_cmpuint (count_members (fixture), ==, 0);
  g_assert_false (slow->ended);
}

static void
allow_three_events (ChannelsLimits *limits)
{
  limits->value[CHANNELS_LIMIT_BACKLOG] = 2 * HUGE;
  limits->value[CHANNELS_LIMIT_BACKLOG_EVENTS] = 3;
}

static void
allow_few_bytes (ChannelsLimits *limits)
{
  limits->value[CHANNELS_LIMIT_BACKLOG] = 64 * 1024;
}

#define add(path, test) server_fixture_add_test ("/server/bounds/" path, NULL, test)

int
main (int argc, char *argv[])
{
  static const ServerFixtureSetup three_events = { .change_limits = allow_three_events };
  static const ServerFixtureSetup few_bytes = { .change_limits = allow_few_bytes };

  g_test_init (&argc, &argv, NULL);

  add ("unfinished-heads", test_bounds_unfinished_heads);
  add ("time-of-a-head", test_bounds_the_time_of_a_head);
  add ("size-of-a-head", test_bounds_the_size_of_a_head);
  add ("nobody", test_bounds_who_is_nobody);
  add ("unasked", test_bounds_who_cannot_be_asked_for);
  add ("descriptors", test_bounds_connections_by_descriptors);
  server_fixture_add_test ("/server/bounds/backlog/events", &three_events,
                           test_bounds_the_events_that_wait);
  server_fixture_add_test ("/server/bounds/backlog/bytes", &few_bytes,
                           test_bounds_the_bytes_that_wait);

  return g_test_run ();
}
