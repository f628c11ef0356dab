/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "server-fixture.h"

#include "channels-memory-layer.h"

static void
start (ServerFixture *fixture, guint16 port)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) urls = NULL;
  g_autoptr (GUri) uri = NULL;

  fixture->server = channels_server_new (fixture->hub, &fixture->limits, fixture->router,
                                         channels_guard_new (), FALSE, &error);
  g_assert_no_error (error);
  g_assert_true (channels_server_listen (fixture->server, "127.0.0.1", port, &error));
  g_assert_no_error (error);

  urls = channels_server_get_urls (fixture->server, "http", "/");
  uri = g_uri_parse (urls[0], G_URI_FLAGS_NONE, NULL);
  fixture->port = g_uri_get_port (uri);
}

static void
set_up (ServerFixture *fixture, gconstpointer data)
{
  const ServerFixtureSetup *setup = data;

  channels_limits_init (&fixture->limits);
  if (setup != NULL)
    setup->change_limits (&fixture->limits);
  fixture->router = channels_router_new_default ();
  fixture->layer = channels_memory_layer_new ();
  fixture->hub = channels_hub_new (fixture->layer, "specific.test!");
  start (fixture, 0);
}

static void
tear_down (ServerFixture *fixture, gconstpointer data)
{
  g_assert_finalize_object (fixture->server);
  /* What libsoup and GIO have still to tell each other. */
  while (g_main_context_iteration (NULL, FALSE))
    ;

  g_assert_finalize_object (fixture->hub);
  g_assert_finalize_object (G_OBJECT (fixture->layer));
  channels_router_unref (fixture->router);
}

/* Registers a @test of a server, with @setup (nullable) that lives until it has run. */
void
server_fixture_add_test (const char *path, const ServerFixtureSetup *setup, ServerFixtureFunc test)
{
  g_test_add (path, ServerFixture, setup, set_up, test, tear_down);
}

/* Ends the server, and starts another one at its port. */
void
server_fixture_replace (ServerFixture *fixture)
{
  g_assert_finalize_object (fixture->server);
  start (fixture, fixture->port);
}

WsClient *
server_fixture_connect (ServerFixture *fixture)
{
  return ws_client_connect (fixture->port);
}

/* Sends a request that begins with @start, `GET /` say, with a Host and the @fields. */
void
server_fixture_request (ServerFixture *fixture,
                        WsClient *client,
                        const char *start,
                        const char *fields)
{
  g_autofree char *request =
      g_strdup_printf ("%s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n%s\r\n", start, fixture->port, fields);

  ws_client_send_string (client, request);
}

/* Asks on a connection of its own, which is closed when the @status is here. */
void
server_fixture_expect_status (ServerFixture *fixture,
                              const char *start,
                              const char *fields,
                              int status)
{
  g_autoptr (WsClient) client = server_fixture_connect (fixture);
  g_autofree char *expected = g_strdup_printf ("HTTP/1.1 %d ", status);
  g_autofree char *head = NULL;

  server_fixture_request (fixture, client, start, fields);
  head = ws_client_take_head (client);
  if (!g_str_has_prefix (head, expected))
    g_assert_cmpstr (head, ==, expected);
}

/* A browser that speaks WebSocket already. */
WsClient *
server_fixture_enter (ServerFixture *fixture, const char *path)
{
  WsClient *client = server_fixture_connect (fixture);
  g_autofree char *start = g_strdup_printf ("GET %s", path);
  g_autofree char *head = NULL;

  server_fixture_request (fixture, client, start, SERVER_FIXTURE_UPGRADE);
  head = ws_client_take_head (client);
  g_assert_true (g_str_has_prefix (head, "HTTP/1.1 101 "));
  /* Who answers a ping has a seat. */
  ws_client_send_frame (client, WS_PING, NULL, 0);
  ws_client_expect_frame (client, WS_PONG, "", 0);

  return client;
}

static void
stopped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ServerFixture *fixture = user_data;
  g_autoptr (GError) error = NULL;

  g_assert_true (channels_server_stop_finish (CHANNELS_SERVER (source), result, &error));
  g_assert_no_error (error);
  fixture->stopped++;
}

void
server_fixture_begin_stop (ServerFixture *fixture)
{
  channels_server_stop (fixture->server, NULL, stopped_cb, fixture);
}

/* Waits until the stop has ended, and nobody is there any more. */
void
server_fixture_expect_stopped (ServerFixture *fixture)
{
  channels_test_wait_until (fixture->stopped > 0);
  g_assert_cmpuint (fixture->stopped, ==, 1);
  channels_test_wait_until (channels_server_get_connections (fixture->server) == 0);
}
