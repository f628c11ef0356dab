/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-request-head.h"

#include "channels-names.h"

#include <string.h>

#define MAX_BODY 65536
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define GET "GET / HTTP/1.1\r\nHost: localhost:8484\r\n"
#define UPGRADE_WITHOUT(rest)                                                                      \
  "GET /ws/chat/ HTTP/1.1\r\nHost: localhost:8484\r\nUpgrade: websocket\r\n"                       \
  "Connection: keep-alive, Upgrade\r\n" rest "\r\n"
#define UPGRADE(rest)                                                                              \
  UPGRADE_WITHOUT ("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " KEY "\r\n" rest)

/* A head that is refused, and how. */
typedef struct
{
  const char *name;
  const char *head;
  int status;
} Refusal;

static const Refusal refusals[] = {
  { "no-blank-line", "GET / HTTP/1.1\r\nHost: a\r\n", 400 },
  { "something-after-blank-line", GET "\r\nx", 400 },
  { "two-blank-lines", GET "\r\n\r\n", 400 },
  { "blank-line-first", "\r\n" GET "\r\n", 400 },
  { "only-blank-lines", "\r\n\r\n", 400 },
  { "bare-lf", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400 },
  { "bare-lf-in-value", GET "A: b\nc\r\n\r\n", 400 },
  { "bare-cr", GET "A: b\rc\r\n\r\n", 400 },
  { "cr-cr-lf", GET "A: b\r\r\n\r\n", 400 },
  { "vertical-tab", GET "A: b\x0b\r\n\r\n", 400 },
  { "delete", GET "A: b\x7f\r\n\r\n", 400 },
  { "fold-with-space", GET "A: b\r\n c\r\n\r\n", 400 },
  { "fold-with-tab", GET "A: b\r\n\tc\r\n\r\n", 400 },
  { "fold-of-request-line", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400 },
  { "empty-name", GET ": b\r\n\r\n", 400 },
  { "no-colon", GET "A\r\n\r\n", 400 },
  { "space-before-colon", GET "A : b\r\n\r\n", 400 },
  { "tab-before-colon", GET "A\t: b\r\n\r\n", 400 },
  { "name-is-no-token", GET "A(): b\r\n\r\n", 400 },
  { "name-not-ascii", GET "A\xc0: b\r\n\r\n", 400 },
  { "host-not-ascii", "GET / HTTP/1.1\r\nHost: a\xe9\r\n\r\n", 400 },
  { "host-next-line", "GET / HTTP/1.1\r\nHost: a\x85\r\n\r\n", 400 },
  { "origin-not-ascii", GET "Origin: http://\xe9\r\n\r\n", 400 },
  { "empty-request-line", "\r\nHost: a\r\n\r\n", 400 },
  { "no-target", "GET HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "empty-target", "GET  HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "no-version", "GET /\r\nHost: a\r\n\r\n", 400 },
  { "two-spaces", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "space-first", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "space-last", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400 },
  { "tabs", "GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "tab-in-target", "GET /\ta HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "method-is-no-token", "G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "version-lower-case", "GET / http/1.1\r\nHost: a\r\n\r\n", 400 },
  { "version-two-digits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400 },
  { "version-not-a-digit", "GET / HTTP/1.x\r\nHost: a\r\n\r\n", 400 },
  { "version-1-0", "GET / HTTP/1.0\r\nHost: a\r\n\r\n", 505 },
  { "version-1-2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505 },
  { "version-2-0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505 },
  { "method-post", "POST / HTTP/1.1\r\nHost: a\r\n\r\n", 405 },
  { "method-lower-case", "get / HTTP/1.1\r\nHost: a\r\n\r\n", 405 },
  { "method-connect", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 405 },
  { "method-options-star", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 405 },
  { "target-absolute", "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "target-authority", "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "target-star", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "target-without-slash", "GET ws/chat/ HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "target-with-fragment", "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "target-with-backslash", "GET /\\a HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "target-not-ascii", "GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "percent-alone", "GET /% HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "percent-one-digit", "GET /%4 HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "percent-no-hex", "GET /%4g HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "percent-nul", "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "percent-in-query", "GET /?%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
  { "no-host", "GET / HTTP/1.1\r\n\r\n", 400 },
  { "empty-host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400 },
  { "two-hosts", "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", 400 },
  { "two-hosts-in-one", "GET / HTTP/1.1\r\nHost: a, a\r\n\r\n", 400 },
  { "host-with-user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400 },
  { "host-with-path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400 },
  { "host-with-percent", "GET / HTTP/1.1\r\nHost: a%2e\r\n\r\n", 400 },
  { "host-empty-port", "GET / HTTP/1.1\r\nHost: a:\r\n\r\n", 400 },
  { "host-port-0", "GET / HTTP/1.1\r\nHost: a:0\r\n\r\n", 400 },
  { "host-port-65536", "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", 400 },
  { "host-port-leading-zero", "GET / HTTP/1.1\r\nHost: a:080\r\n\r\n", 400 },
  { "host-port-two", "GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n", 400 },
  { "host-bare-ipv6", "GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", 400 },
  { "host-open-bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400 },
  { "host-bad-ipv6", "GET / HTTP/1.1\r\nHost: [::g]\r\n\r\n", 400 },
  { "host-zone", "GET / HTTP/1.1\r\nHost: [fe80::1%25lo]\r\n\r\n", 400 },
  { "two-origins", GET "Origin: http://a\r\nOrigin: http://a\r\n\r\n", 400 },
  { "two-lengths", GET "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400 },
  { "two-lengths-in-one", GET "Content-Length: 1, 1\r\n\r\n", 400 },
  { "length-plus", GET "Content-Length: +1\r\n\r\n", 400 },
  { "length-minus", GET "Content-Length: -1\r\n\r\n", 400 },
  { "length-empty", GET "Content-Length: \r\n\r\n", 400 },
  { "length-hex", GET "Content-Length: 0x1\r\n\r\n", 400 },
  { "length-past-bound", GET "Content-Length: 65537\r\n\r\n", 413 },
  { "length-past-64-bit", GET "Content-Length: 18446744073709551617\r\n\r\n", 413 },
  { "chunked", GET "Transfer-Encoding: chunked\r\n\r\n", 413 },
  { "encoding-identity", GET "transfer-encoding: identity\r\n\r\n", 413 },
  { "encoding-and-length", GET "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 413 },
  { "expect", GET "Expect: 100-continue\r\n\r\n", 417 },
  { "upgrade-without-version", UPGRADE_WITHOUT ("Sec-WebSocket-Key: " KEY "\r\n"), 426 },
  { "upgrade-version-12",
    UPGRADE_WITHOUT ("Sec-WebSocket-Version: 12\r\nSec-WebSocket-Key: " KEY "\r\n"), 426 },
  { "upgrade-version-list",
    UPGRADE_WITHOUT ("Sec-WebSocket-Version: 13, 8\r\nSec-WebSocket-Key: " KEY "\r\n"), 426 },
  { "upgrade-two-versions", UPGRADE ("Sec-WebSocket-Version: 13\r\n"), 426 },
  { "upgrade-without-key", UPGRADE_WITHOUT ("Sec-WebSocket-Version: 13\r\n"), 400 },
  { "upgrade-two-keys", UPGRADE ("Sec-WebSocket-Key: " KEY "\r\n"), 400 },
  { "upgrade-key-of-15-bytes",
    UPGRADE_WITHOUT ("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA\r\n"),
    400 },
  { "upgrade-key-of-17-bytes",
    UPGRADE_WITHOUT ("Sec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAA=\r\n"),
    400 },
  { "upgrade-key-not-base64",
    UPGRADE_WITHOUT ("Sec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Key: AAAAAAAAAAA-AAAAAAAAAA==\r\n"),
    400 },
  { "upgrade-with-body", UPGRADE ("Content-Length: 1\r\n"), 400 },
  { "upgrade-protocol-is-no-token", UPGRADE ("Sec-WebSocket-Protocol: a b\r\n"), 400 },
  { "upgrade-protocol-empty", UPGRADE ("Sec-WebSocket-Protocol: a,,b\r\n"), 400 },
  { "upgrade-by-head",
    "HEAD / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " KEY "\r\n\r\n",
    400 },
};

static ChannelsRequestHead *
parse (const char *head)
{
  g_autoptr (GError) error = NULL;
  ChannelsRequestHead *self = channels_request_head_parse (head, strlen (head), MAX_BODY, &error);

  g_assert_no_error (error);
  g_assert_nonnull (self);

  return self;
}

static void
assert_refused (const char *head, gsize length, int status)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRequestHead) self = NULL;

  self = channels_request_head_parse (head, length, MAX_BODY, &error);

  g_assert_error (error, CHANNELS_HTTP_ERROR, status);
  g_assert_null (self);
}

/* @n times @piece. */
static char *
repeat (const char *piece, guint n)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append (text, piece);

  return g_string_free (text, FALSE);
}

static void
test_request_head_refuses (gconstpointer data)
{
  const Refusal *refusal = data;

  g_test_summary ("A head that is not strictly right is answered with its status");

  assert_refused (refusal->head, strlen (refusal->head), refusal->status);
}

static void
test_request_head_refuses_nul (void)
{
  static const char head[] = GET "A: b\0c\r\n\r\n";

  g_test_summary ("A NUL in a head is refused, not taken for its end");

  assert_refused (head, sizeof head - 1, 400);
}

static void
test_request_head_refuses_nothing (void)
{
  g_test_summary ("No bytes are no head");

  assert_refused (NULL, 0, 400);
}

static void
test_request_head_finds_end (void)
{
  g_test_summary ("A head ends with its first blank line, wherever the bytes stop");

  g_assert_cmpint (channels_request_head_find_end (NULL, 0), ==, -1);
  g_assert_cmpint (channels_request_head_find_end ("GET\r\n\r", 6), ==, -1);
  g_assert_cmpint (channels_request_head_find_end ("GET\r\n\r\n", 7), ==, 7);
  g_assert_cmpint (channels_request_head_find_end ("GET\r\n\r\nmore\r\n\r\n", 15), ==, 7);
  g_assert_cmpint (channels_request_head_find_end ("GET\n\n", 5), ==, -1);
}

static void
test_request_head_reads_plain (void)
{
  g_autoptr (ChannelsRequestHead) self = NULL;

  g_test_summary ("Of a plain request its method, path, query, Host and Origin are kept");

  self = parse ("HEAD /a/%41?b=c?d HTTP/1.1\r\nhOST:\t LocalHost:8484 \t\r\n"
                "Origin: http://localhost:8484\r\n\r\n");

  g_assert_cmpstr (self->method, ==, "HEAD");
  g_assert_cmpstr (self->path, ==, "/a/%41");
  g_assert_cmpstr (self->query, ==, "b=c?d");
  g_assert_cmpstr (self->host, ==, "LocalHost:8484");
  g_assert_cmpstr (self->origin, ==, "http://localhost:8484");
  g_assert_null (self->key);
  g_assert_null (self->protocols);
  g_assert_cmpuint (self->content_length, ==, 0);
}

static void
test_request_head_reads_ipv6_host (void)
{
  g_autoptr (ChannelsRequestHead) self = NULL;

  g_test_summary ("An IPv6 address in brackets is a host, and no query is not an empty one");

  self = parse ("GET / HTTP/1.1\r\nHost: [::1]:65535\r\n\r\n");

  g_assert_cmpstr (self->host, ==, "[::1]:65535");
  g_assert_null (self->query);
}

static void
test_request_head_takes_other_fields (void)
{
  g_autoptr (ChannelsRequestHead) self = NULL;

  g_test_summary ("Fields that nobody reads may hold tabs, upper bytes or nothing");

  self = parse (
      GET "User-Agent: \x80\x85\xa0\xff\ta\r\nCookie: a=\xe6\x96\x87\r\nEmpty:\r\nEmpty: \r\n\r\n");

  g_assert_cmpstr (self->path, ==, "/");
}

static void
test_request_head_bounds_target (void)
{
  g_autofree char *longest = repeat ("a", CHANNELS_REQUEST_TARGET_MAX - 1);
  g_autofree char *fits = g_strdup_printf ("GET /%s HTTP/1.1\r\nHost: a\r\n\r\n", longest);
  g_autofree char *too_long = g_strdup_printf ("GET /a%s HTTP/1.1\r\nHost: a\r\n\r\n", longest);
  g_autoptr (ChannelsRequestHead) self = NULL;

  g_test_summary ("A target may have 2,048 bytes, and not one more");

  self = parse (fits);

  g_assert_cmpuint (strlen (self->path), ==, 2048);
  assert_refused (too_long, strlen (too_long), 414);
}

static void
test_request_head_bounds_fields (void)
{
  g_autofree char *others = repeat ("A: b\r\n", CHANNELS_REQUEST_FIELDS_MAX - 1);
  g_autofree char *fits = g_strdup_printf (GET "%s\r\n", others);
  g_autofree char *too_many = g_strdup_printf (GET "A: b\r\n%s\r\n", others);
  g_autoptr (ChannelsRequestHead) self = NULL;

  g_test_summary ("A head may have 64 fields, and not one more");

  self = parse (fits);

  g_assert_nonnull (self);
  g_assert_cmpuint (CHANNELS_REQUEST_FIELDS_MAX, ==, 64);
  assert_refused (too_many, strlen (too_many), 431);
}

static void
test_request_head_bounds_body (void)
{
  g_autoptr (ChannelsRequestHead) self = NULL;

  g_test_summary ("A body of exactly the bound is announced to whoever throws it away");

  self = parse (GET "Content-Length: 65536\r\n\r\n");

  g_assert_cmpuint (self->content_length, ==, MAX_BODY);
}

static void
test_request_head_bounds_host (void)
{
  g_autofree char *longest = repeat ("a", 255);
  g_autofree char *fits = g_strdup_printf ("GET / HTTP/1.1\r\nHost: %s\r\n\r\n", longest);
  g_autofree char *too_long = g_strdup_printf ("GET / HTTP/1.1\r\nHost: a%s\r\n\r\n", longest);
  g_autoptr (ChannelsRequestHead) self = NULL;

  g_test_summary ("A host may have 255 bytes, and not one more");

  self = parse (fits);

  g_assert_cmpstr (self->host, ==, longest);
  assert_refused (too_long, strlen (too_long), 400);
}

static void
test_request_head_bounds_origin (void)
{
  g_autofree char *longest = repeat ("a", CHANNELS_ORIGIN_LENGTH_MAX);
  g_autofree char *fits = g_strdup_printf (GET "Origin: %s\r\n\r\n", longest);
  g_autofree char *too_long = g_strdup_printf (GET "Origin: a%s\r\n\r\n", longest);
  g_autoptr (ChannelsRequestHead) self = NULL;

  g_test_summary ("An Origin may have 300 bytes, and not one more");

  self = parse (fits);

  g_assert_cmpstr (self->origin, ==, longest);
  g_assert_cmpuint (strlen (longest), ==, 300);
  assert_refused (too_long, strlen (too_long), 400);
}

static void
test_request_head_reads_upgrade (void)
{
  g_autoptr (ChannelsRequestHead) self = NULL;

  g_test_summary ("An upgrade is known by its fields in any case, in lists, in several lines");

  self = parse ("GET /ws/chat/ HTTP/1.1\r\nHost: localhost:8484\r\nupgrade: h2c, WebSocket\r\n"
                "Connection: keep-alive\r\nConnection: UPGRADE\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Protocol: a ,b\r\n"
                "Sec-WebSocket-Protocol: channels.v1\r\nContent-Length: 0\r\n\r\n");

  g_assert_cmpstr (self->key, ==, KEY);
  g_assert_cmpstr (self->protocols, ==, "a, b, channels.v1");
}

static void
test_request_head_knows_what_is_no_upgrade (void)
{
  g_autoptr (ChannelsRequestHead) no_connection = NULL;
  g_autoptr (ChannelsRequestHead) other_protocol = NULL;

  g_test_summary ("Half an upgrade, or one to something else, is a plain request");

  no_connection = parse (GET "Upgrade: websocket\r\nConnection: keep-alive\r\n\r\n");
  other_protocol = parse (GET "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n");

  g_assert_null (no_connection->key);
  g_assert_null (other_protocol->key);
}

static void
test_request_head_writes_plain (void)
{
  g_autoptr (ChannelsRequestHead) self = NULL;
  g_autofree char *head = NULL;

  g_test_summary ("Behind the door a plain request has a Host, and nothing that was slipped in");

  self = parse ("GET /a?ticket=b HTTP/1.1\r\nHost: localhost:8484\r\nRange: bytes=0-,0-\r\n"
                "Cookie: c=d\r\nConnection: keep-alive\r\nOrigin: http://localhost:8484\r\n"
                "Content-Length: 9\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
  head = channels_request_head_to_string (self);

  g_assert_cmpstr (head, ==,
                   "GET /a HTTP/1.1\r\nHost: localhost:8484\r\nConnection: close\r\n\r\n");
}

static void
test_request_head_writes_upgrade (void)
{
  g_autoptr (ChannelsRequestHead) self = NULL;
  g_autofree char *head = NULL;

  g_test_summary ("Behind the door an upgrade has the handshake's fields and our subprotocol");

  self = parse (UPGRADE ("Sec-WebSocket-Protocol: channels.ticket.x, channels.v1\r\n"
                         "Sec-WebSocket-Extensions: permessage-deflate\r\n"
                         "Origin: http://localhost:8484\r\n"));
  head = channels_request_head_to_string (self);

  g_assert_cmpstr (head, ==,
                   "GET /ws/chat/ HTTP/1.1\r\nHost: localhost:8484\r\nUpgrade: websocket\r\n"
                   "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                   "Sec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Protocol: channels.v1\r\n"
                   "Origin: http://localhost:8484\r\n\r\n");
}

static void
test_request_head_writes_no_other_protocol (void)
{
  g_autoptr (ChannelsRequestHead) self = NULL;
  g_autofree char *head = NULL;

  g_test_summary ("Subprotocols that are not ours, byte for byte, stay outside");

  self = parse (UPGRADE ("Sec-WebSocket-Protocol: Channels.v1, channels.v10\r\n"));
  head = channels_request_head_to_string (self);

  g_assert_null (strstr (head, "Protocol"));
  g_assert_null (strstr (head, "Origin"));
}

static void
test_request_head_writes_what_it_reads (void)
{
  g_autoptr (ChannelsRequestHead) self = NULL;
  g_autoptr (ChannelsRequestHead) again = NULL;
  g_autofree char *head = NULL;
  g_autofree char *head_again = NULL;

  g_test_summary ("A head that was written anew reads the same again");

  self = parse (UPGRADE ("Sec-WebSocket-Protocol: channels.v1\r\n"));
  head = channels_request_head_to_string (self);
  again = parse (head);
  head_again = channels_request_head_to_string (again);

  g_assert_cmpstr (head, ==, head_again);
}

static char *
refuse (GQuark domain, int status, const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (domain, status, message);
  g_autoptr (GBytes) bytes = channels_http_error_to_answer (error, FALSE);
  gsize length;
  const char *answer = g_bytes_get_data (bytes, &length);

  return g_strndup (answer, length);
}

static void
test_request_head_answers_refusal (void)
{
  g_autofree char *answer = refuse (CHANNELS_HTTP_ERROR, 400, "no");

  g_test_summary ("A refusal is a whole answer: status, fields, the sentence, and no more");

  g_assert_cmpstr (answer, ==,
                   "HTTP/1.1 400 Bad Request\r\n"
                   "Content-Type: text/plain; charset=utf-8\r\n"
                   "Content-Length: 4\r\n"
                   "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
                   "Cross-Origin-Resource-Policy: same-origin\r\n"
                   "X-Frame-Options: DENY\r\n"
                   "X-Content-Type-Options: nosniff\r\n"
                   "Referrer-Policy: no-referrer\r\n"
                   "Cache-Control: no-store\r\n"
                   "Connection: close\r\n"
                   "\r\n"
                   "No.\n");
}

static void
test_request_head_answers_every_status (void)
{
  static const int statuses[] = { 400, 403, 404, 405, 408, 413, 414, 417, 421, 426, 431, 503, 505 };

  g_test_summary ("Each status that is ever given has its line");

  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      g_autofree char *answer = refuse (CHANNELS_HTTP_ERROR, statuses[i], "no");
      g_autofree char *line = g_strdup_printf ("HTTP/1.1 %d ", statuses[i]);

      g_assert_true (g_str_has_prefix (answer, line));
      g_assert_cmpint (strstr (answer, "\r\nAllow: GET, HEAD\r\n") != NULL, ==, statuses[i] == 405);
      g_assert_cmpint (strstr (answer, "\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n") !=
                           NULL,
                       ==, statuses[i] == 426);
    }
}

static void
test_request_head_answers_unknown_with_500 (void)
{
  g_autofree char *unknown = refuse (CHANNELS_HTTP_ERROR, 299, "secret");
  g_autofree char *foreign = refuse (G_FILE_ERROR, 404, "secret");

  g_test_summary ("An error that is not ours to show is a 500 that says nothing");

  g_assert_true (g_str_has_prefix (unknown, "HTTP/1.1 500 Internal Server Error\r\n"));
  g_assert_true (g_str_has_prefix (foreign, "HTTP/1.1 500 Internal Server Error\r\n"));
  g_assert_null (strstr (unknown, "secret"));
  g_assert_null (strstr (foreign, "secret"));
}

static void
test_request_head_answers_printable (void)
{
  g_autofree char *answer = refuse (CHANNELS_HTTP_ERROR, 400, "a\r\nb\xc3\xa9");

  g_test_summary ("A sentence is one line of printable ASCII, whatever was put into it");

  g_assert_true (g_str_has_suffix (answer, "\r\n\r\nA??b??.\n"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      g_autofree char *path = g_strconcat ("/request-head/refuses/", refusals[i].name, NULL);

      g_test_add_data_func (path, &refusals[i], test_request_head_refuses);
    }

  g_test_add_func ("/request-head/refuses/nul", test_request_head_refuses_nul);
  g_test_add_func ("/request-head/refuses/nothing", test_request_head_refuses_nothing);
  g_test_add_func ("/request-head/finds-end", test_request_head_finds_end);
  g_test_add_func ("/request-head/reads/plain", test_request_head_reads_plain);
  g_test_add_func ("/request-head/reads/ipv6-host", test_request_head_reads_ipv6_host);
  g_test_add_func ("/request-head/reads/other-fields", test_request_head_takes_other_fields);
  g_test_add_func ("/request-head/reads/upgrade", test_request_head_reads_upgrade);
  g_test_add_func ("/request-head/reads/no-upgrade", test_request_head_knows_what_is_no_upgrade);
  g_test_add_func ("/request-head/bounds/target", test_request_head_bounds_target);
  g_test_add_func ("/request-head/bounds/fields", test_request_head_bounds_fields);
  g_test_add_func ("/request-head/bounds/body", test_request_head_bounds_body);
  g_test_add_func ("/request-head/bounds/host", test_request_head_bounds_host);
  g_test_add_func ("/request-head/bounds/origin", test_request_head_bounds_origin);
  g_test_add_func ("/request-head/writes/plain", test_request_head_writes_plain);
  g_test_add_func ("/request-head/writes/upgrade", test_request_head_writes_upgrade);
  g_test_add_func ("/request-head/writes/no-other-protocol",
                   test_request_head_writes_no_other_protocol);
  g_test_add_func ("/request-head/writes/what-it-reads", test_request_head_writes_what_it_reads);
  g_test_add_func ("/request-head/answers/refusal", test_request_head_answers_refusal);
  g_test_add_func ("/request-head/answers/every-status", test_request_head_answers_every_status);
  g_test_add_func ("/request-head/answers/unknown", test_request_head_answers_unknown_with_500);
  g_test_add_func ("/request-head/answers/printable", test_request_head_answers_printable);

  return g_test_run ();
}
