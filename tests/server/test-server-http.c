/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "server-fixture.h"

#include <string.h>

/* A request, and the status that it is answered with. The Host of the server goes in front of the
 * fields unless they begin with one. */
typedef struct
{
  const char *path;
  const char *start;
  const char *fields;
  int status;
} Case;

static const Case cases[] = {
  { "page", "GET /", "", 200 },
  { "library", "GET /channels.js", "", 200 },
  { "health", "GET /health", "", 200 },
  { "health-with-query", "GET /health?now", "", 200 },
  { "range-ignored", "GET /", "Range: bytes=0-0,0-0,0-0\r\n", 200 },
  { "own-origin", "GET /", "Origin: http://localhost\r\n", 403 },
  { "nothing", "GET /nothing", "", 404 },
  { "nothing-upgraded", "GET /nothing", SERVER_FIXTURE_UPGRADE, 404 },
  { "above", "GET /../etc/passwd", "", 404 },
  { "room-with-space", "GET /ws/chat/a%20b/", SERVER_FIXTURE_UPGRADE, 404 },
  { "post", "POST /", "Content-Length: 0\r\n", 405 },
  { "not-upgraded", "GET /ws/chat/", "", 426 },
  { "room-not-upgraded", "GET /ws/chat/blue/", "", 426 },
  { "upgraded", "GET /ws/chat/", SERVER_FIXTURE_UPGRADE, 101 },
  { "body-too-large", "GET /", "Content-Length: 65537\r\n", 413 },
  { "chunked", "GET /", "Transfer-Encoding: chunked\r\n", 413 },
  { "two-hosts", "GET /", "Host: localhost\r\n", 400 },
  { "folded", "GET /", "X-One: 1\r\n two\r\n", 400 },
  { "strangers-origin", "GET /ws/chat/", SERVER_FIXTURE_UPGRADE "Origin: http://evil.example\r\n",
    403 },
  { "page-upgraded", "GET /", SERVER_FIXTURE_UPGRADE, 400 },
  { "health-upgraded", "GET /health", SERVER_FIXTURE_UPGRADE, 400 },
  { "page-with-strangers-ticket", "GET /?ticket=x",
    SERVER_FIXTURE_UPGRADE "Origin: http://evil.example\r\n", 403 },
  { "nothing-with-strangers-ticket", "GET /nothing?ticket=x",
    SERVER_FIXTURE_UPGRADE "Origin: http://evil.example\r\n", 403 },
  { "null-origin", "GET /ws/chat/", SERVER_FIXTURE_UPGRADE "Origin: null\r\n", 403 },
};

static void
test_server_answers (ServerFixture *fixture, gconstpointer unused)
{
  g_test_summary ("Each request has its status");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].path);
      server_fixture_expect_status (fixture, cases[i].start, cases[i].fields, cases[i].status);
    }
}

/* Sends a request as it stands, and waits for the whole answer. */
static char *
ask (ServerFixture *fixture, const char *request)
{
  g_autoptr (WsClient) client = server_fixture_connect (fixture);

  ws_client_send_string (client, request);
  channels_test_wait_until (client->ended);
  g_assert_false (client->reset);

  return g_strndup ((const char *) client->received->data, client->received->len);
}

static char *
ask_method (ServerFixture *fixture, const char *method, const char *path)
{
  g_autofree char *request =
      g_strdup_printf ("%s %s HTTP/1.1\r\nHost: localhost:%u\r\nConnection: keep-alive\r\n\r\n",
                       method, path, fixture->port);

  return ask (fixture, request);
}

static void
test_server_says_that_it_is_well (ServerFixture *fixture, gconstpointer unused)
{
  g_autofree char *answer = ask_method (fixture, "GET", "/health");

  g_test_summary ("The health is JSON, and the connection is closed behind it, wanted or not");

  g_assert_true (g_str_has_suffix (answer, "\r\n\r\n{\"status\":\"ok\"}"));
  g_assert_nonnull (strstr (answer, "Content-Type: application/json\r\n"));
  g_assert_nonnull (strstr (answer, "Connection: close\r\n"));
}

static void
test_server_guards_its_page (ServerFixture *fixture, gconstpointer unused)
{
  static const char *const fields[] = {
    "X-Frame-Options: DENY\r\n",
    "X-Content-Type-Options: nosniff\r\n",
    "Referrer-Policy: no-referrer\r\n",
    "Cross-Origin-Resource-Policy: same-origin\r\n",
    "Cache-Control: no-store\r\n",
    "Connection: close\r\n",
    "Vary: Origin\r\n",
  };
  g_autofree char *policy = g_strdup_printf (
      "Content-Security-Policy: default-src 'self'; connect-src 'self' ws://127.0.0.1:%u "
      "ws://localhost:%u; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n",
      fixture->port, fixture->port);
  g_autofree char *answer = ask_method (fixture, "GET", "/");

  g_test_summary ("The page comes whole, with all that keeps other pages from it");

  g_assert_nonnull (strstr (answer, "</html>"));
  g_assert_nonnull (strstr (answer, policy));
  g_assert_null (strstr (answer, "Access-Control-"));
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    g_assert_nonnull (strstr (answer, fields[i]));
}

static char *
ask_from (ServerFixture *fixture, const char *origin)
{
  g_autofree char *request =
      g_strdup_printf ("GET /channels.js HTTP/1.1\r\nHost: localhost:%u\r\nOrigin: %s\r\n\r\n",
                       fixture->port, origin);

  return ask (fixture, request);
}

static void
test_server_shares_with_allowed_origins (ServerFixture *fixture, gconstpointer unused)
{
  ChannelsGuard *guard = channels_guard_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *allowed = NULL;
  g_autofree char *stranger = NULL;

  g_test_summary ("A page of an allowed origin may have our module, by its name; no other may");

  g_assert_true (channels_guard_add_origin (guard, "https://a.example", &error));
  g_assert_true (channels_server_change (fixture->server, &fixture->limits, fixture->router, guard,
                                         FALSE, &error));
  g_assert_no_error (error);
  allowed = ask_from (fixture, "https://a.example");
  stranger = ask_from (fixture, "https://b.example");

  g_assert_true (g_str_has_prefix (allowed, "HTTP/1.1 200 "));
  g_assert_nonnull (strstr (allowed, "Access-Control-Allow-Origin: https://a.example\r\n"));
  g_assert_nonnull (strstr (allowed, "Cross-Origin-Resource-Policy: cross-origin\r\n"));
  g_assert_nonnull (strstr (allowed, "Vary: Origin\r\n"));
  g_assert_null (strstr (allowed, "Access-Control-Allow-Credentials"));

  g_assert_true (g_str_has_prefix (stranger, "HTTP/1.1 403 "));
  g_assert_null (strstr (stranger, "Access-Control-"));
  g_assert_nonnull (strstr (stranger, "Cross-Origin-Resource-Policy: same-origin\r\n"));
}

static void
test_server_answers_head_without_a_body (ServerFixture *fixture, gconstpointer unused)
{
  g_autofree char *answer = ask_method (fixture, "HEAD", "/");

  g_test_summary ("A HEAD has the fields of a GET, and no body");

  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 200 "));
  g_assert_true (g_str_has_suffix (answer, "\r\n\r\n"));
  g_assert_nonnull (strstr (answer, "Content-Length: "));
}

static void
test_server_answers_one_request (ServerFixture *fixture, gconstpointer unused)
{
  g_autofree char *request = g_strdup_printf ("GET /health HTTP/1.1\r\nHost: localhost:%u\r\n\r\n"
                                              "GET /nothing HTTP/1.1\r\nHost: localhost:%u\r\n\r\n",
                                              fixture->port, fixture->port);
  g_autofree char *answer = ask (fixture, request);

  g_test_summary ("A second request behind the first is not answered");

  g_assert_true (g_str_has_suffix (answer, "\r\n\r\n{\"status\":\"ok\"}"));
  g_assert_null (strstr (answer + 1, "HTTP/1.1"));
}

static void
test_server_takes_a_body_of_its_bound (ServerFixture *fixture, gconstpointer unused)
{
  g_autofree char *body = g_strnfill (65536, 'x');
  g_autofree char *request = g_strdup_printf (
      "GET /health HTTP/1.1\r\nHost: localhost:%u\r\nContent-Length: 65536\r\n\r\n%s",
      fixture->port, body);
  g_autofree char *answer = ask (fixture, request);

  g_test_summary ("A body of 64 KiB is thrown away, and the request answered");

  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 200 "));
}

static void
test_server_refuses_a_long_target (ServerFixture *fixture, gconstpointer unused)
{
  g_autofree char *target = g_strnfill (2048, 'x');
  g_autofree char *start = g_strdup_printf ("GET /%s", target);

  g_test_summary ("A target of more than 2 KiB is refused with 414");

  server_fixture_expect_status (fixture, start, "", 414);
  start[strlen (start) - 1] = '\0';
  server_fixture_expect_status (fixture, start, "", 404);
}

static void
test_server_refuses_a_large_head (ServerFixture *fixture, gconstpointer unused)
{
  g_autofree char *value = g_strnfill (16384, 'x');
  g_autofree char *field = g_strdup_printf ("X-Padding: %s\r\n", value);

  g_test_summary ("A head of more than 16 KiB is refused with 431");

  server_fixture_expect_status (fixture, "GET /", field, 431);
}

static void
test_server_refuses_a_strangers_host (ServerFixture *fixture, gconstpointer unused)
{
  g_autofree char *stranger = ask (fixture, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  g_autofree char *none = ask (fixture, "GET / HTTP/1.1\r\n\r\n");

  g_test_summary ("A Host that is not ours is misdirected; none at all is no request");

  g_assert_true (g_str_has_prefix (stranger, "HTTP/1.1 421 "));
  g_assert_true (g_str_has_prefix (none, "HTTP/1.1 400 "));
}

static void
test_server_waits_for_nobody (ServerFixture *fixture, gconstpointer unused)
{
  g_autofree char *answer = ask (fixture, "GET / HT");

  g_test_summary ("A request that does not come in time is answered with 408");

  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 408 "));
}

static void
allow_no_time (ChannelsLimits *limits)
{
  limits->value[CHANNELS_LIMIT_REQUEST_TIME] = 0;
}

#define add(path, test) server_fixture_add_test ("/server/http/" path, NULL, test)

int
main (int argc, char *argv[])
{
  static const ServerFixtureSetup no_time = { .change_limits = allow_no_time };

  g_test_init (&argc, &argv, NULL);

  add ("statuses", test_server_answers);
  add ("health", test_server_says_that_it_is_well);
  add ("page", test_server_guards_its_page);
  add ("cors", test_server_shares_with_allowed_origins);
  add ("head-method", test_server_answers_head_without_a_body);
  add ("one-request", test_server_answers_one_request);
  add ("body", test_server_takes_a_body_of_its_bound);
  add ("target", test_server_refuses_a_long_target);
  add ("head-size", test_server_refuses_a_large_head);
  add ("host", test_server_refuses_a_strangers_host);
  server_fixture_add_test ("/server/http/time", &no_time, test_server_waits_for_nobody);

  return g_test_run ();
}
