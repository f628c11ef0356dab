/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-server.h"

#include "channels-error.h"
#include "channels-origins.h"
#include "server-fixture.h"

#include <string.h>
#include <sys/resource.h>

static void
test_server_upgrades (ServerFixture *fixture, gconstpointer unused)
{
  g_autoptr (WsClient) client = server_fixture_connect (fixture);
  g_autofree char *head = NULL;

  g_test_summary ("An upgrade is answered as RFC 6455 has it, without an extension");

  server_fixture_request (fixture, client, "GET /ws/chat/",
                          SERVER_FIXTURE_UPGRADE
                          "Sec-WebSocket-Extensions: permessage-deflate\r\n");

  head = ws_client_take_head (client);
  g_assert_true (g_str_has_prefix (head, "HTTP/1.1 101 "));
  g_assert_nonnull (strstr (head, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  g_assert_null (strstr (head, "Sec-WebSocket-Extensions"));
  g_assert_null (strstr (head, "Sec-WebSocket-Protocol"));
}

static void
test_server_joins_browsers_in_a_room (ServerFixture *fixture, gconstpointer unused)
{
  g_autoptr (WsClient) ann = server_fixture_enter (fixture, "/ws/chat/blue/");
  g_autoptr (WsClient) ben = server_fixture_enter (fixture, "/ws/chat/blue/");
  g_autoptr (WsClient) cleo = server_fixture_enter (fixture, "/ws/chat/red/");

  g_test_summary ("A message reaches everybody in its room, the sender too, and nobody else");

  ws_client_send_text (ann, "{\"message\": \"to blue\"}");
  ws_client_expect_text (ann, "{\"message\": \"to blue\"}");
  ws_client_expect_text (ben, "{\"message\": \"to blue\"}");

  ws_client_send_text (cleo, "{\"message\": \"to red\"}");
  ws_client_expect_text (cleo, "{\"message\": \"to red\"}");
  g_assert_cmpuint (ann->received->len, ==, 0);
}

static void
test_server_hears_early_frames (ServerFixture *fixture, gconstpointer unused)
{
  g_autoptr (WsClient) client = server_fixture_connect (fixture);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree char *request = g_strdup_printf (
      "GET /ws/chat/ HTTP/1.1\r\nHost: localhost:%u\r\n" SERVER_FIXTURE_UPGRADE "\r\n",
      fixture->port);
  g_autofree char *head = NULL;

  g_test_summary ("Frames that come in one piece with the request are heard after it");

  g_byte_array_append (bytes, (guint8 *) request, strlen (request));
  ws_client_append_frame (bytes, WS_TEXT, "{\"message\": 1}", 14);
  ws_client_send (client, bytes->data, bytes->len);

  head = ws_client_take_head (client);
  ws_client_expect_text (client, "{\"message\": 1}");
}

static void
on_notify_connections (ChannelsServer *server, GParamSpec *pspec, guint *notified)
{
  (*notified)++;
}

static void
test_server_counts_its_connections (ServerFixture *fixture, gconstpointer unused)
{
  g_autoptr (WsClient) ann = NULL;
  g_autoptr (WsClient) ben = NULL;
  guint notified = 0;
  guint connections;

  g_test_summary ("Connections are counted as they come and go, and each change is notified");

  g_signal_connect (fixture->server, "notify::connections", G_CALLBACK (on_notify_connections),
                    &notified);
  ann = server_fixture_enter (fixture, "/ws/chat/");
  ben = server_fixture_enter (fixture, "/ws/chat/");
  g_object_get (fixture->server, "connections", &connections, NULL);
  g_assert_cmpuint (connections, ==, 2);
  g_clear_pointer (&ben, ws_client_free);
  channels_test_wait_until (channels_server_get_connections (fixture->server) == 1);

  g_assert_cmpuint (notified, ==, 3);
}

static void
test_server_bounds_its_connections (ServerFixture *fixture, gconstpointer data)
{
  g_autoptr (WsClient) first = server_fixture_enter (fixture, "/ws/chat/");
  g_autoptr (WsClient) second = server_fixture_enter (fixture, "/ws/chat/");
  g_autoptr (WsClient) third = NULL;

  g_test_summary ("As many connections as allowed are let in, the next is told 503; so on");

  server_fixture_expect_status (fixture, "GET /ws/chat/", SERVER_FIXTURE_UPGRADE, 503);
  server_fixture_expect_status (fixture, "GET /health", "", 200);

  g_clear_pointer (&first, ws_client_free);
  channels_test_wait_until (channels_server_get_connections (fixture->server) == 1);
  third = server_fixture_enter (fixture, "/ws/chat/");
  g_assert_false (second->ended || third->ended);
}

static void
test_server_keeps_descriptors_back (ServerFixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) clients = g_ptr_array_new_with_free_func ((GDestroyNotify) ws_client_free);
  struct rlimit before;
  struct rlimit tight;

  g_test_summary ("Of few descriptors half are for connections, whatever the limit says");

  g_assert_no_errno (getrlimit (RLIMIT_NOFILE, &before));
  tight = (struct rlimit){ .rlim_cur = 64, .rlim_max = before.rlim_max };
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &tight));
  server_fixture_replace (fixture);
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &before));

  for (guint i = 0; i < 32; i++)
    g_ptr_array_add (clients, server_fixture_enter (fixture, "/ws/chat/"));
  server_fixture_expect_status (fixture, "GET /ws/chat/", SERVER_FIXTURE_UPGRADE, 503);
  server_fixture_expect_status (fixture, "GET /health", "", 200);
}

/* Asks to come in with a ticket's URL, from the page that it was minted for. */
static void
expect_with_ticket (ServerFixture *fixture, const char *url, const char *origin, int status)
{
  g_autofree char *prefix = g_strdup_printf ("ws://127.0.0.1:%u", fixture->port);
  g_autofree char *fields = g_strdup_printf (SERVER_FIXTURE_UPGRADE "Origin: %s\r\n", origin);
  g_autofree char *start = NULL;

  g_assert_true (g_str_has_prefix (url, prefix));
  start = g_strdup_printf ("GET %s", url + strlen (prefix));
  server_fixture_expect_status (fixture, start, fields, status);
}

static void
test_server_takes_a_ticket_once (ServerFixture *fixture, gconstpointer unused)
{
  static const char *const groups[] = { "chat_blue", NULL };

  g_test_summary ("A ticket lets its page in, once, and no other page");

  for (guint i = 0; i < 2; i++)
    {
      const char *first = i == 0 ? "https://app.example" : "https://other.example";
      g_autoptr (GError) error = NULL;
      g_autofree char *url = NULL;
      g_autofree char *ticket = channels_server_mint_ticket (
          fixture->server, ":1.1", groups, "https://app.example", 0, &url, &error);

      g_assert_no_error (error);
      g_assert_nonnull (strstr (url, ticket));
      expect_with_ticket (fixture, url, first, i == 0 ? 101 : 403);
      expect_with_ticket (fixture, url, "https://app.example", 403);
    }
}

/* Asks to come in as a page of another origin, with a new ticket or the one in *@ticket. */
static WsClient *
ask_with_ticket (ServerFixture *fixture, char **ticket, char **out_head)
{
  static const char *const groups[] = { "chat_blue", NULL };
  WsClient *client = server_fixture_connect (fixture);
  g_autoptr (GError) error = NULL;
  g_autofree char *url = NULL;
  g_autofree char *start = NULL;

  if (*ticket == NULL)
    *ticket = channels_server_mint_ticket (fixture->server, ":1.1", groups, "https://app.example",
                                           0, &url, &error);
  g_assert_no_error (error);
  start = g_strdup_printf ("GET /ws/chat/blue/?ticket=%s", *ticket);
  server_fixture_request (fixture, client, start,
                          SERVER_FIXTURE_UPGRADE "Origin: https://app.example\r\n");
  *out_head = ws_client_take_head (client);

  return client;
}

static void
test_server_spends_no_ticket_without_room (ServerFixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) clients = g_ptr_array_new_with_free_func ((GDestroyNotify) ws_client_free);
  g_autofree char *last = NULL;

  g_test_summary ("A page whose origin has too many connections keeps its ticket for later");

  for (guint i = 0; i <= CHANNELS_ORIGIN_CONNECTIONS_MAX + 1; i++)
    {
      gboolean room = i != CHANNELS_ORIGIN_CONNECTIONS_MAX;
      g_autofree char *ticket = g_steal_pointer (&last);
      g_autofree char *head = NULL;

      g_ptr_array_add (clients, ask_with_ticket (fixture, &ticket, &head));
      g_assert_true (g_str_has_prefix (head, room ? "HTTP/1.1 101 " : "HTTP/1.1 503 "));
      if (room)
        continue;

      last = g_steal_pointer (&ticket);
      g_ptr_array_remove_index (clients, 0);
      channels_test_wait_until (channels_server_get_connections (fixture->server) == i - 1);
    }
}

static void
test_server_names_its_subprotocol_alone (ServerFixture *fixture, gconstpointer unused)
{
  static const char *const groups[] = { "chat_blue", NULL };
  g_autoptr (WsClient) client = server_fixture_connect (fixture);
  g_autofree char *url = NULL;
  g_autofree char *ticket = channels_server_mint_ticket (fixture->server, ":1.1", groups,
                                                         "https://app.example", 0, &url, NULL);
  g_autofree char *fields =
      g_strdup_printf (SERVER_FIXTURE_UPGRADE "Origin: https://app.example\r\n"
                                              "Sec-WebSocket-Protocol: channels.v1, "
                                              "channels.ticket.%s\r\n",
                       ticket);
  g_autofree char *head = NULL;

  g_test_summary ("A ticket may come as a subprotocol; the answer names ours, and not the ticket");

  server_fixture_request (fixture, client, "GET /ws/chat/blue/", fields);

  head = ws_client_take_head (client);
  g_assert_true (g_str_has_prefix (head, "HTTP/1.1 101 "));
  g_assert_nonnull (strstr (head, "Sec-WebSocket-Protocol: channels.v1\r\n"));
  g_assert_null (strstr (head, ticket));
}

static void
test_server_mints_no_ticket_to_nowhere (ServerFixture *fixture, gconstpointer unused)
{
  static const char *const groups[] = { "news", NULL };
  g_autoptr (GError) error = NULL;
  char *url = NULL;

  g_test_summary ("There is no ticket for a group that no route leads to");

  g_assert_null (channels_server_mint_ticket (fixture->server, ":1.1", groups,
                                              "https://app.example", 0, &url, &error));
  g_assert_error (error, CHANNELS_ERROR, CHANNELS_ERROR_NOT_ALLOWED);
  g_assert_null (url);
}

static void
test_server_knows_its_urls (ServerFixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *expected = g_strdup_printf ("ws://127.0.0.1:%u/ws/chat/", fixture->port);
  g_auto (GStrv) urls = channels_server_get_urls (fixture->server, "ws", "/ws/chat/");

  g_test_summary ("The URLs are those of the addresses that it listens at; no address is shared");

  g_assert_cmpuint (g_strv_length (urls), ==, 1);
  g_assert_cmpstr (urls[0], ==, expected);
  g_assert_false (channels_server_listen (fixture->server, "127.0.0.1", fixture->port, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
}

static void
test_server_stops_in_order (ServerFixture *fixture, gconstpointer unused)
{
  g_autoptr (WsClient) ann = server_fixture_enter (fixture, "/ws/chat/");
  gint64 before = g_get_monotonic_time ();

  g_test_summary ("Stopping closes with 1001, and ends as soon as the browser has answered");

  server_fixture_begin_stop (fixture);
  ws_client_expect_close (ann, 1001);
  ws_client_send_close (ann, 1001);
  ws_client_expect_end (ann);
  g_clear_pointer (&ann, ws_client_free);

  server_fixture_expect_stopped (fixture);
  g_assert_cmpint (g_get_monotonic_time () - before, <, 1 * G_TIME_SPAN_SECOND);
}

static void
test_server_stops_without_an_answer (ServerFixture *fixture, gconstpointer unused)
{
  g_autoptr (WsClient) ann = server_fixture_enter (fixture, "/ws/chat/");
  g_autoptr (WsClient) silent = server_fixture_enter (fixture, "/ws/chat/");
  g_autoptr (WsClient) half = server_fixture_connect (fixture);
  gint64 before = g_get_monotonic_time ();

  g_test_summary ("Stopping ends within two seconds, though browsers do not answer");

  ws_client_send_string (half, "GET / HT");
  server_fixture_begin_stop (fixture);
  ws_client_expect_close (ann, 1001);
  ws_client_expect_close (silent, 1001);
  server_fixture_expect_stopped (fixture);

  g_assert_cmpint (g_get_monotonic_time () - before, <, 2 * G_TIME_SPAN_SECOND);
  ws_client_expect_reset (silent);
  channels_test_wait_until (half->ended);
}

static void
test_server_stops_at_once_when_alone (ServerFixture *fixture, gconstpointer unused)
{
  g_test_summary ("A server without browsers stops, and its port is free");

  server_fixture_begin_stop (fixture);
  server_fixture_expect_stopped (fixture);

  server_fixture_replace (fixture);
  server_fixture_expect_status (fixture, "GET /health", "", 200);
}

static void
test_server_ends_with_browsers_in_it (ServerFixture *fixture, gconstpointer unused)
{
  g_autoptr (WsClient) ann = server_fixture_enter (fixture, "/ws/chat/");
  g_autoptr (WsClient) half = server_fixture_connect (fixture);

  g_test_summary ("A server that ends without a stop cuts everybody off, and leaves nothing");

  ws_client_send_string (half, "GET / HT");
  server_fixture_replace (fixture);

  ws_client_expect_reset (ann);
  channels_test_wait_until (half->ended);
}

static guint
count_descriptors (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint count = 0;

  while (g_dir_read_name (dir) != NULL)
    count++;

  return count;
}

static void
test_server_leaks_no_descriptor (ServerFixture *fixture, gconstpointer unused)
{
  guint before = count_descriptors ();

  g_test_summary ("Three hundred connections of every kind leave no descriptor behind");

  for (guint i = 0; i < 60; i++)
    {
      g_autoptr (WsClient) polite = server_fixture_enter (fixture, "/ws/chat/");
      g_autoptr (WsClient) rude = server_fixture_enter (fixture, "/ws/chat/");
      g_autoptr (WsClient) silent = server_fixture_connect (fixture);

      ws_client_send_string (silent, "GET");
      ws_client_send_text (rude, "{");
      ws_client_send_close (polite, 1000);
      ws_client_expect_close (polite, 1000);
      server_fixture_expect_status (fixture, "GET /", "", 200);
      server_fixture_expect_status (fixture, "GET /nothing", "", 404);
    }

  /* GLib opens a few of its own, once; a leak would be sixty at least. */
  channels_test_wait_until (count_descriptors () <= before + 4);
  channels_test_wait_until (channels_server_get_connections (fixture->server) == 0);
}

static void
test_server_pauses_its_door (ServerFixture *fixture, gconstpointer unused)
{
  ChannelsDoor *door = channels_server_get_door (fixture->server);
  g_autoptr (WsClient) inside = server_fixture_enter (fixture, "/ws/chat/");
  g_autoptr (WsClient) outside = server_fixture_connect (fixture);
  g_autoptr (WsClient) later = NULL;

  g_test_summary ("A door where somebody stands stays open; paused, it takes up its address again");

  g_assert_false (channels_door_pause (door));
  g_assert_cmpint (channels_server_get_last_used (fixture->server), ==, G_MAXINT64);
  server_fixture_request (fixture, outside, "GET /health", "");
  g_free (ws_client_take_head (outside));

  g_assert_true (channels_door_pause (door));
  channels_door_resume (door);
  later = server_fixture_enter (fixture, "/ws/chat/");
  ws_client_send_text (inside, "{\"message\": 1}");
  ws_client_expect_text (later, "{\"message\": 1}");
}

static void
test_server_knows_when_it_was_used (ServerFixture *fixture, gconstpointer unused)
{
  gint64 before = channels_server_get_last_used (fixture->server);
  gint64 asked = g_get_monotonic_time ();

  g_test_summary ("It knows when somebody last came, and that nobody is there any more");

  g_assert_cmpint (before, <=, asked);
  server_fixture_expect_status (fixture, "GET /health", "", 200);

  channels_test_wait_until (channels_server_get_last_used (fixture->server) < G_MAXINT64);
  g_assert_cmpint (channels_server_get_last_used (fixture->server), >=, asked);
}

static void
test_server_changes_its_rules (ServerFixture *fixture, gconstpointer unused)
{
  g_autoptr (WsClient) client = server_fixture_enter (fixture, "/ws/chat/");
  g_autoptr (ChannelsRouter) router = channels_router_new ();
  g_autoptr (ChannelsGuard) guard = channels_guard_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *own =
      g_strdup_printf (SERVER_FIXTURE_UPGRADE "Origin: http://127.0.0.1:%u\r\n", fixture->port);

  g_test_summary (
      "Other routes, origins and limits hold for whoever comes next; who is here stays");

  g_assert_true (
      channels_router_add (router, "/new/", "chat_chat_room", CHANNELS_CONSUMER_CHAT, &error));
  g_assert_true (channels_guard_add_origin (guard, "https://a.example", &error));
  fixture->limits.value[CHANNELS_LIMIT_NESTING] = 1;
  fixture->limits.value[CHANNELS_LIMIT_CONNECTIONS] = 2;
  g_assert_true (channels_server_change (fixture->server, &fixture->limits, router,
                                         g_steal_pointer (&guard), FALSE, &error));
  g_assert_no_error (error);

  server_fixture_expect_status (fixture, "GET /ws/chat/", SERVER_FIXTURE_UPGRADE, 404);
  server_fixture_expect_status (fixture, "GET /new/",
                                SERVER_FIXTURE_UPGRADE "Origin: https://b.example\r\n", 403);
  server_fixture_expect_status (fixture, "GET /new/",
                                SERVER_FIXTURE_UPGRADE "Origin: https://a.example\r\n", 101);
  channels_test_wait_until (channels_server_get_connections (fixture->server) == 1);
  server_fixture_expect_status (fixture, "GET /new/", own, 101);
  channels_test_wait_until (channels_server_get_connections (fixture->server) == 1);

  ws_client_send_text (client, "{\"message\": 1}");
  ws_client_expect_text (client, "{\"message\": 1}");
  ws_client_send_text (client, "{\"message\": [1]}");
  channels_test_wait_until (client->received->len > 0);
  g_assert_nonnull (memmem (client->received->data, client->received->len, "too-deep", 8));
}

static void
allow_two_connections (ChannelsLimits *limits)
{
  limits->value[CHANNELS_LIMIT_CONNECTIONS] = 2;
}

#define add(path, test) server_fixture_add_test ("/server/" path, NULL, test)

int
main (int argc, char *argv[])
{
  static const ServerFixtureSetup two = { .change_limits = allow_two_connections };

  g_test_init (&argc, &argv, NULL);

  add ("upgrade/answer", test_server_upgrades);
  add ("upgrade/rooms", test_server_joins_browsers_in_a_room);
  add ("upgrade/early", test_server_hears_early_frames);
  add ("connections/counted", test_server_counts_its_connections);
  server_fixture_add_test ("/server/connections/bounded", &two, test_server_bounds_its_connections);
  server_fixture_add_test ("/server/connections/descriptors", NULL,
                           test_server_keeps_descriptors_back);
  add ("ticket/once", test_server_takes_a_ticket_once);
  add ("ticket/room", test_server_spends_no_ticket_without_room);
  add ("ticket/subprotocol", test_server_names_its_subprotocol_alone);
  add ("ticket/nowhere", test_server_mints_no_ticket_to_nowhere);
  add ("urls", test_server_knows_its_urls);
  add ("door/pauses", test_server_pauses_its_door);
  add ("door/last-used", test_server_knows_when_it_was_used);
  add ("changes", test_server_changes_its_rules);
  add ("stop/answered", test_server_stops_in_order);
  add ("stop/unanswered", test_server_stops_without_an_answer);
  add ("stop/alone", test_server_stops_at_once_when_alone);
  add ("end", test_server_ends_with_browsers_in_it);
  add ("descriptors", test_server_leaks_no_descriptor);

  return g_test_run ();
}
