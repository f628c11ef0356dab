/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-guard.h"

#include "channels-error.h"

#include <string.h>

#define PORT 8484
#define TICKET "AAAAAAAAAAAAAAAAAAAAAA"

/* What is asked, with which answer, of a guard that was told of these. */
typedef struct
{
  const char *name;
  const char *text;
  guint16 port;
  gboolean allowed;
} Case;

static const char *const configured_hosts[] = { "chat.example", "dev.example:3000",
                                                "web.example:80", "[fd00::1]" };
static const char *const configured_origins[] = {
  "https://app.example", "http://dev.example:3000",        "http://any.example:*",
  "http://[fd00::1]:*",  "moz-extension://0a1b-2c3d-4e5f",
};

static const Case hosts[] = {
  { "ipv4", "127.0.0.1:8484", PORT, TRUE },
  { "ipv6", "[::1]:8484", PORT, TRUE },
  { "name", "localhost:8484", PORT, TRUE },
  { "upper-case", "LOCALHOST:8484", PORT, TRUE },
  { "port-80-left-out", "localhost", 80, TRUE },
  { "port-80", "localhost:80", 80, TRUE },
  { "configured", "chat.example", PORT, TRUE },
  { "configured-upper-case", "Chat.Example", PORT, TRUE },
  { "configured-with-our-port", "chat.example:8484", PORT, TRUE },
  { "configured-port", "dev.example:3000", PORT, TRUE },
  { "configured-port-80", "web.example:80", PORT, TRUE },
  { "configured-port-80-left-out", "web.example", PORT, TRUE },
  { "configured-ipv6", "[FD00::1]", PORT, TRUE },

  { "port-left-out", "localhost", PORT, FALSE },
  { "other-port", "localhost:8485", PORT, FALSE },
  { "other-port-than-80", "localhost:8484", 80, FALSE },
  { "other-address", "127.0.0.2:8484", PORT, FALSE },
  { "other-spelling", "127.1:8484", PORT, FALSE },
  { "other-spelling-of-ipv6", "[0::1]:8484", PORT, FALSE },
  { "trailing-dot", "localhost.:8484", PORT, FALSE },
  { "longer", "localhost.evil.example:8484", PORT, FALSE },
  { "shorter", "localhos:8484", PORT, FALSE },
  { "below", "evil.chat.example", PORT, FALSE },
  { "configured-other-port", "chat.example:3000", PORT, FALSE },
  { "configured-port-left-out", "dev.example", PORT, FALSE },
  { "configured-port-is-not-ours", "dev.example:8484", PORT, FALSE },
  { "malformed", "localhost:8484:8484", PORT, FALSE },
  { "empty", "", PORT, FALSE },
};

static const Case origins[] = {
  { "ipv4", "http://127.0.0.1:8484", PORT, TRUE },
  { "ipv6", "http://[::1]:8484", PORT, TRUE },
  { "name", "http://localhost:8484", PORT, TRUE },
  { "port-80-left-out", "http://localhost", 80, TRUE },
  { "configured", "https://app.example", PORT, TRUE },
  { "configured-port", "http://dev.example:3000", PORT, TRUE },
  { "any-port", "http://any.example:1", PORT, TRUE },
  { "any-port-last", "http://any.example:65535", PORT, TRUE },
  { "any-port-left-out", "http://any.example", PORT, TRUE },
  { "any-port-ipv6", "http://[fd00::1]:5", PORT, TRUE },
  { "extension", "moz-extension://0a1b-2c3d-4e5f", PORT, TRUE },

  { "port-left-out", "http://localhost", PORT, FALSE },
  { "port-80", "http://localhost:80", 80, FALSE },
  { "other-port", "http://localhost:8485", PORT, FALSE },
  { "https", "https://localhost:8484", PORT, FALSE },
  { "upper-case", "http://LOCALHOST:8484", PORT, FALSE },
  { "upper-case-scheme", "HTTP://localhost:8484", PORT, FALSE },
  { "trailing-slash", "http://localhost:8484/", PORT, FALSE },
  { "trailing-space", "http://localhost:8484 ", PORT, FALSE },
  { "two", "http://localhost:8484 http://localhost:8484", PORT, FALSE },
  { "user", "http://localhost:8484@evil.example", PORT, FALSE },
  { "longer", "http://localhost:84840", PORT, FALSE },
  { "below", "http://evil.app.example", PORT, FALSE },
  { "prefix-of-name", "https://app.example.evil.example", PORT, FALSE },
  { "any-port-0", "http://any.example:0", PORT, FALSE },
  { "any-port-65536", "http://any.example:65536", PORT, FALSE },
  { "any-port-is-no-name", "http://any.example:1.evil.example", PORT, FALSE },
  { "any-port-longer-name", "http://any.example.evil.example", PORT, FALSE },
  { "any-port-literally", "http://any.example:*", PORT, FALSE },
  { "configured-other-scheme", "http://app.example", PORT, FALSE },
  { "null", "null", PORT, FALSE },
  { "file", "file://", PORT, FALSE },
  { "empty", "", PORT, FALSE },
};

static const Case validations[] = {
  { "http", "http://a", 0, TRUE },
  { "https-with-port", "https://a.example:444", 0, TRUE },
  { "https-at-80", "https://a.example:80", 0, TRUE },
  { "ipv6", "http://[::1]:1", 0, TRUE },
  { "extension", "chrome-extension://abcdef", 0, TRUE },
  { "underscore", "http://a_b", 0, TRUE },

  { "null", "null", 0, FALSE },
  { "empty", "", 0, FALSE },
  { "star", "*", 0, FALSE },
  { "no-scheme", "a.example", 0, FALSE },
  { "empty-scheme", "://a", 0, FALSE },
  { "digit-scheme", "1http://a", 0, FALSE },
  { "no-host", "http://", 0, FALSE },
  { "file", "file://", 0, FALSE },
  { "file-of-host", "file://a", 0, FALSE },
  { "path", "http://a/b", 0, FALSE },
  { "slash", "http://a/", 0, FALSE },
  { "query", "http://a?b", 0, FALSE },
  { "fragment", "http://a#b", 0, FALSE },
  { "user", "http://u@a", 0, FALSE },
  { "any-port", "http://a:*", 0, FALSE },
  { "any-host", "http://*.a", 0, FALSE },
  { "own-port-http", "http://a:80", 0, FALSE },
  { "own-port-https", "https://a:443", 0, FALSE },
  { "leading-zero", "http://a:081", 0, FALSE },
  { "upper-case", "http://A", 0, FALSE },
  { "not-ascii", "http://\xc3\xa9", 0, FALSE },
  { "newline", "http://a\n", 0, FALSE },
};

static const char *const bad_origins[] = {
  "null",         "file://",     "*",  "http://*", "http://*.example", "http://a:*/", "http://a/:*",
  "http://a:1:*", "http://:*",   ":*", "*://a",    "http://a:80",      "http://A:*",  "",
  "http://a:1*",  "http://a:**",
};

static const char *const bad_hosts[] = {
  "", "*", "*.example", "a:*", "a:0", "a:", "http://a", "a/b", "u@a", "::1", "[::1", "a b", "a\n",
};

static ChannelsGuard *
make_guard (void)
{
  ChannelsGuard *guard = channels_guard_new ();
  g_autoptr (GError) error = NULL;

  channels_guard_add_own (guard, "127.0.0.1", PORT);
  channels_guard_add_own (guard, "[::1]", PORT);
  channels_guard_add_own (guard, "127.0.0.1", 80);

  for (guint i = 0; i < G_N_ELEMENTS (configured_hosts); i++)
    {
      channels_guard_add_host (guard, configured_hosts[i], &error);
      g_assert_no_error (error);
    }
  for (guint i = 0; i < G_N_ELEMENTS (configured_origins); i++)
    {
      channels_guard_add_origin (guard, configured_origins[i], &error);
      g_assert_no_error (error);
    }

  return guard;
}

static void
test_guard_host (gconstpointer data)
{
  const Case *one = data;
  g_autoptr (ChannelsGuard) guard = make_guard ();
  ChannelsRequestHead head = { .host = (char *) one->text };
  g_autoptr (GError) error = NULL;
  gboolean allowed;

  g_test_summary ("A request must be for us, by a name and port that are ours or configured");

  allowed = channels_guard_check_host (guard, &head, one->port, &error);

  g_assert_cmpint (allowed, ==, one->allowed);
  if (one->allowed)
    g_assert_no_error (error);
  else
    g_assert_error (error, CHANNELS_HTTP_ERROR, 421);
}

static void
test_guard_origin (gconstpointer data)
{
  const Case *one = data;
  g_autoptr (ChannelsGuard) guard = make_guard ();

  g_test_summary ("A page must be ours or configured, to the letter");

  g_assert_cmpint (channels_guard_allows_origin (guard, one->text, one->port), ==, one->allowed);
}

static void
test_guard_validate (gconstpointer data)
{
  const Case *one = data;
  g_autoptr (GError) error = NULL;

  g_test_summary ("An origin is one if a browser would send it so");

  g_assert_cmpint (channels_origin_validate (one->text, &error), ==, one->allowed);

  if (one->allowed)
    g_assert_no_error (error);
  else
    g_assert_error (error, CHANNELS_ERROR, CHANNELS_ERROR_NOT_ALLOWED);
}

static void
test_guard_knows_where_we_listen (void)
{
  g_autoptr (ChannelsGuard) guard = channels_guard_new ();

  g_test_summary ("A page is ours by the loopback addresses that are listened at, and localhost");

  g_assert_false (channels_guard_is_own_origin (guard, "http://localhost:8484", PORT));
  channels_guard_add_own (guard, "[::1]", PORT);

  g_assert_true (channels_guard_is_own_origin (guard, "http://[::1]:8484", PORT));
  g_assert_true (channels_guard_is_own_origin (guard, "http://localhost:8484", PORT));
  g_assert_false (channels_guard_allows_origin (guard, "http://127.0.0.1:8484", PORT));
  g_assert_false (channels_guard_is_own_origin (guard, "http://[::1]:8484", 80));
}

static void
test_guard_refuses_bad_origins (void)
{
  g_autoptr (ChannelsGuard) guard = channels_guard_new ();

  g_test_summary ("An origin that no browser would send cannot be configured, nor can a pattern");

  for (guint i = 0; i < G_N_ELEMENTS (bad_origins); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (channels_guard_add_origin (guard, bad_origins[i], &error));
      g_assert_error (error, CHANNELS_ERROR, CHANNELS_ERROR_NOT_ALLOWED);
    }
}

static void
test_guard_refuses_bad_hosts (void)
{
  g_autoptr (ChannelsGuard) guard = channels_guard_new ();

  g_test_summary ("A host that is none cannot be configured, nor can a pattern");

  for (guint i = 0; i < G_N_ELEMENTS (bad_hosts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (channels_guard_add_host (guard, bad_hosts[i], &error));
      g_assert_error (error, CHANNELS_ERROR, CHANNELS_ERROR_NOT_ALLOWED);
    }
}

static void
test_guard_frees_nothing (void)
{
  g_test_summary ("No guard is freed without harm");

  channels_guard_free (NULL);
}

/* Asks @guard for @head at PORT: 0 for yes, else the status. */
static int
admit (const ChannelsRequestHead *head)
{
  g_autoptr (ChannelsGuard) guard = make_guard ();
  g_autoptr (GError) error = NULL;

  if (channels_guard_admit (guard, head, PORT, &error))
    {
      g_assert_no_error (error);
      return 0;
    }

  g_assert_nonnull (error);
  g_assert_true (error->domain == CHANNELS_HTTP_ERROR);

  return error->code;
}

static void
test_guard_admits_no_page (void)
{
  g_autoptr (ChannelsGuard) guard = make_guard ();
  ChannelsRequestHead head = { .host = (char *) "localhost:8484" };

  g_test_summary ("Who sends no Origin is no page of a stranger's, and needs no ticket");

  g_assert_cmpint (admit (&head), ==, 0);
  g_assert_false (channels_guard_is_stranger (guard, &head, PORT));
}

static void
test_guard_admits_own_page (void)
{
  g_autoptr (ChannelsGuard) guard = make_guard ();
  ChannelsRequestHead head = { .host = (char *) "localhost:8484",
                               .origin = (char *) "http://localhost:8484" };

  g_test_summary ("Our own page needs no ticket");

  g_assert_cmpint (admit (&head), ==, 0);
  g_assert_false (channels_guard_is_stranger (guard, &head, PORT));
}

static void
test_guard_asks_host_first (void)
{
  ChannelsRequestHead head = { .host = (char *) "evil.example",
                               .origin = (char *) "http://evil.example" };

  g_test_summary ("A request that is not for us is told so, whoever asks");

  g_assert_cmpint (admit (&head), ==, 421);
}

static void
test_guard_asks_stranger_for_ticket (void)
{
  g_autoptr (ChannelsGuard) guard = make_guard ();
  ChannelsRequestHead head = { .host = (char *) "localhost:8484",
                               .origin = (char *) "http://evil.example",
                               .key = (char *) "key",
                               .protocols = (char *) "channels.v1" };

  g_test_summary ("A stranger's page may not open a WebSocket without a ticket");

  g_assert_cmpint (admit (&head), ==, 403);
  g_assert_true (channels_guard_is_stranger (guard, &head, PORT));
}

static void
test_guard_lets_ticket_pass (void)
{
  g_autoptr (ChannelsGuard) guard = make_guard ();
  ChannelsRequestHead head = { .host = (char *) "localhost:8484",
                               .origin = (char *) "http://evil.example",
                               .key = (char *) "key",
                               .query = (char *) "ticket=" TICKET };

  g_test_summary ("A stranger's page with a ticket may come as far as where it is spent");

  g_assert_cmpint (admit (&head), ==, 0);
  g_assert_true (channels_guard_is_stranger (guard, &head, PORT));
}

static void
test_guard_keeps_plain_pages_from_strangers (void)
{
  ChannelsRequestHead head = { .host = (char *) "localhost:8484",
                               .origin = (char *) "http://evil.example",
                               .query = (char *) "ticket=" TICKET };

  g_test_summary ("No ticket lets a stranger's page fetch what is no WebSocket");

  g_assert_cmpint (admit (&head), ==, 403);
}

static void
test_guard_takes_ticket (void)
{
  static const struct
  {
    const char *protocols;
    const char *query;
    const char *ticket;
  } offers[] = {
    { NULL, NULL, NULL },
    { "channels.v1", "", NULL },
    { "channels.ticket.a", NULL, "a" },
    { "channels.v1, channels.ticket.a", NULL, "a" },
    { "channels.ticket.a, channels.v1", "ticket=b", "a" },
    { "channels.ticket.a, channels.ticket.b", NULL, "a" },
    { "channels.ticket.", "ticket=b", "b" },
    { "xchannels.ticket.a", NULL, NULL },
    { "Channels.ticket.a", NULL, NULL },
    { NULL, "ticket=b", "b" },
    { NULL, "a=c&ticket=b&ticket=d", "b" },
    { NULL, "ticket=&ticket=d", "d" },
    { NULL, "ticket", NULL },
    { NULL, "ticket=", NULL },
    { NULL, "xticket=b", NULL },
    { NULL, "&&ticket=b&", "b" },
  };

  g_test_summary ("A ticket is offered as a subprotocol, or else in the query; the first counts");

  for (guint i = 0; i < G_N_ELEMENTS (offers); i++)
    {
      ChannelsRequestHead head = { .protocols = (char *) offers[i].protocols,
                                   .query = (char *) offers[i].query };
      g_autofree char *ticket = channels_guard_take_ticket (&head);

      g_assert_cmpstr (ticket, ==, offers[i].ticket);
    }
}

static void
add_cases (const char *folder, const Case *cases, guint n_cases, GTestDataFunc func)
{
  for (guint i = 0; i < n_cases; i++)
    {
      g_autofree char *path = g_strdup_printf ("/guard/%s/%s", folder, cases[i].name);

      g_test_add_data_func (path, &cases[i], func);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add_cases ("host", hosts, G_N_ELEMENTS (hosts), test_guard_host);
  add_cases ("origin", origins, G_N_ELEMENTS (origins), test_guard_origin);
  add_cases ("validate", validations, G_N_ELEMENTS (validations), test_guard_validate);

  g_test_add_func ("/guard/own", test_guard_knows_where_we_listen);
  g_test_add_func ("/guard/refuses/bad-origins", test_guard_refuses_bad_origins);
  g_test_add_func ("/guard/refuses/bad-hosts", test_guard_refuses_bad_hosts);
  g_test_add_func ("/guard/frees/nothing", test_guard_frees_nothing);
  g_test_add_func ("/guard/admits/no-page", test_guard_admits_no_page);
  g_test_add_func ("/guard/admits/own-page", test_guard_admits_own_page);
  g_test_add_func ("/guard/admits/host-first", test_guard_asks_host_first);
  g_test_add_func ("/guard/admits/stranger", test_guard_asks_stranger_for_ticket);
  g_test_add_func ("/guard/admits/ticket", test_guard_lets_ticket_pass);
  g_test_add_func ("/guard/admits/plain-page", test_guard_keeps_plain_pages_from_strangers);
  g_test_add_func ("/guard/takes-ticket", test_guard_takes_ticket);

  return g_test_run ();
}
