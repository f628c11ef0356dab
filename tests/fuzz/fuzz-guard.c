/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "fuzz.h"

#include "channels-guard.h"
#include "channels-names.h"
#include "channels-router.h"
#include "channels-tickets.h"

#include <string.h>

/* What is let in is what the lists below say, letter by letter, and nothing else.
 *
 * The input is lines: Host, Origin (an empty line for none), subprotocols, query, path. */

#define PORT 8484
#define N_LINES 5
#define NOW ((gint64) 1)

static const char *const hosts[] = {
  "127.0.0.1:8484",    "localhost:8484",   "[::1]:8484", "chat.example",
  "chat.example:8484", "dev.example:3000", NULL,
};

static const char *const origins[] = {
  "http://127.0.0.1:8484",
  "http://localhost:8484",
  "http://[::1]:8484",
  "https://app.example",
  NULL,
};

#define ANY_PORT "http://any.example"

/* The port is read loosely and written anew, so only one way to write it remains. */
static gboolean
is_listed_origin (const char *origin)
{
  g_autofree char *anew = NULL;
  guint64 port;

  if (g_strv_contains (origins, origin) || strcmp (origin, ANY_PORT) == 0)
    return TRUE;
  if (!g_str_has_prefix (origin, ANY_PORT ":"))
    return FALSE;

  port = g_ascii_strtoull (origin + strlen (ANY_PORT ":"), NULL, 10);
  anew = g_strdup_printf (ANY_PORT ":%" G_GUINT64_FORMAT, port);

  return port > 0 && port <= G_MAXUINT16 && port != 80 && strcmp (origin, anew) == 0;
}

static ChannelsGuard *
make_guard (void)
{
  ChannelsGuard *guard = channels_guard_new ();

  channels_guard_add_own (guard, "127.0.0.1", PORT);
  channels_guard_add_own (guard, "[::1]", PORT);
  g_assert_true (channels_guard_add_host (guard, "chat.example", NULL));
  g_assert_true (channels_guard_add_host (guard, "dev.example:3000", NULL));
  g_assert_true (channels_guard_add_origin (guard, "https://app.example", NULL));
  g_assert_true (channels_guard_add_origin (guard, ANY_PORT ":*", NULL));

  return guard;
}

static void
check_admission (const ChannelsRequestHead *head)
{
  g_autoptr (ChannelsGuard) guard = make_guard ();
  g_autofree char *host = g_ascii_strdown (head->host, -1);
  g_autofree char *ticket = channels_guard_take_ticket (head);
  gboolean stranger = head->origin != NULL && !is_listed_origin (head->origin);
  g_autoptr (GError) error = NULL;
  gboolean admitted = channels_guard_admit (guard, head, PORT, &error);

  g_assert_cmpint (channels_guard_is_stranger (guard, head, PORT), ==, stranger);
  g_assert_cmpint (admitted, ==, g_strv_contains (hosts, host) && (!stranger || ticket != NULL));
  g_assert_true (admitted == (error == NULL));
}

/* Configuration takes the same texts: what it takes as an origin is then let in. */
static void
check_configuration (const char *host, const char *origin)
{
  g_autoptr (ChannelsGuard) guard = channels_guard_new ();
  g_autoptr (GError) error = NULL;

  channels_guard_add_host (guard, host, NULL);
  if (channels_guard_add_origin (guard, origin, NULL) && !g_str_has_suffix (origin, ":*"))
    g_assert_true (channels_guard_allows_origin (guard, origin, PORT));
  g_assert_cmpint (channels_origin_validate (origin, &error), ==, error == NULL);
}

static void
check_ticket (const char *ticket, const char *origin, const char *group)
{
  g_autoptr (ChannelsTickets) tickets = channels_tickets_new ();
  const char *const groups[] = { group, NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *good = NULL;

  good = channels_tickets_mint (tickets, ":1.1", groups, origin, 0, NOW, &error);
  g_assert_true ((good == NULL) == (error != NULL));
  g_assert_false (channels_tickets_spend (tickets, ticket, origin, group, NOW));
  if (good != NULL)
    g_assert_true (channels_tickets_spend (tickets, good, origin, group, NOW));
}

static void
check_route (const char *path)
{
  g_autoptr (ChannelsRouter) router = channels_router_new_default ();
  g_autofree char *group = NULL;
  g_autofree char *way = NULL;
  ChannelsConsumerKind consumer;

  if (channels_router_match (router, path, &group, &consumer))
    {
      g_assert_cmpuint (strlen (group), <=, CHANNELS_NAME_MAX);
      g_assert_true (g_str_has_prefix (group, "chat_"));
      g_assert_cmpuint (strspn (group, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_."), ==,
                        strlen (group));
      way = channels_router_find_path (router, group);
      g_assert_nonnull (way);
    }

  channels_router_add (router, path, "{a}", CHANNELS_CONSUMER_ECHO, NULL);
  channels_router_add (router, "/{a}/", path, CHANNELS_CONSUMER_ECHO, NULL);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", N_LINES);
  ChannelsRequestHead head = { .key = (char *) "key" };

  if (g_strv_length (lines) != N_LINES)
    return 0;

  head.host = lines[0];
  head.origin = lines[1][0] != '\0' ? lines[1] : NULL;
  head.protocols = lines[2];
  head.query = lines[3];
  head.path = lines[4];

  check_admission (&head);
  check_configuration (head.host, lines[1]);
  check_ticket (lines[3], lines[1], lines[4]);
  check_route (head.path);

  return 0;
}
