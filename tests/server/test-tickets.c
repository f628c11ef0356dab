/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-tickets.h"

#include "channels-error.h"
#include "channels-secret.h"

#include <string.h>
#include <sys/prctl.h>

#define ORIGIN "https://app.example"
#define OWNER ":1.1"
#define GROUP "chat_lobby"
#define NOW ((gint64) 1000000)

typedef struct
{
  ChannelsTickets *tickets; /* (owned) */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  fixture->tickets = channels_tickets_new ();
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  channels_tickets_free (fixture->tickets);
}

static char *
mint (Fixture *fixture, const char *owner, guint seconds, gint64 now)
{
  g_autoptr (GError) error = NULL;
  char *ticket;

  ticket = channels_tickets_mint (fixture->tickets, owner, NULL, ORIGIN, seconds, now, &error);
  g_assert_no_error (error);
  g_assert_nonnull (ticket);

  return ticket;
}

static void
mint_many (Fixture *fixture, const char *owner, guint n, gint64 now)
{
  for (guint i = 0; i < n; i++)
    g_free (mint (fixture, owner, 0, now));
}

static void
assert_not_minted (Fixture *fixture,
                   const char *const *groups,
                   const char *origin,
                   guint seconds,
                   ChannelsError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (
      channels_tickets_mint (fixture->tickets, OWNER, groups, origin, seconds, NOW, &error));

  g_assert_error (error, CHANNELS_ERROR, (int) code);
}

static gboolean
spend (Fixture *fixture, const char *ticket, gint64 now)
{
  return channels_tickets_spend (fixture->tickets, ticket, ORIGIN, GROUP, now);
}

static void
test_tickets_are_base64url (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  g_test_summary ("A ticket is 22 characters that fit a subprotocol and a query; no two are alike");

  for (guint i = 0; i < CHANNELS_TICKETS_PER_OWNER_MAX; i++)
    {
      char *ticket = mint (fixture, OWNER, 0, NOW);

      g_assert_cmpuint (strlen (ticket), ==, CHANNELS_TICKET_LENGTH);
      g_assert_cmpuint (strspn (ticket, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_"), ==,
                        CHANNELS_TICKET_LENGTH);
      g_assert_true (g_hash_table_add (seen, ticket));
    }
}

static void
test_tickets_work_once (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *ticket = mint (fixture, OWNER, 0, NOW);

  g_test_summary ("A ticket lets in once, and is forgotten");

  g_assert_true (spend (fixture, ticket, NOW));
  g_assert_false (spend (fixture, ticket, NOW));
}

static void
test_tickets_work_in_any_order (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *first = mint (fixture, OWNER, 0, NOW);
  g_autofree char *second = mint (fixture, OWNER, 0, NOW);
  g_autofree char *third = mint (fixture, OWNER, 0, NOW);

  g_test_summary ("Spending one ticket leaves the others");

  g_assert_true (spend (fixture, second, NOW));
  g_assert_true (spend (fixture, first, NOW));
  g_assert_true (spend (fixture, third, NOW));
}

static void
test_tickets_refuse_what_is_none (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *ticket = mint (fixture, OWNER, 0, NOW);
  g_autofree char *longer = g_strconcat (ticket, "A", NULL);

  g_test_summary ("What was not minted opens nothing, and costs no ticket");

  g_assert_false (spend (fixture, "", NOW));
  g_assert_false (spend (fixture, "AAAAAAAAAAAAAAAAAAAAAA", NOW));
  g_assert_false (spend (fixture, longer, NOW));
  longer[CHANNELS_TICKET_LENGTH - 1] = '\0';
  g_assert_false (spend (fixture, longer, NOW));

  g_assert_true (spend (fixture, ticket, NOW));
}

static void
test_tickets_live_as_long_as_asked (Fixture *fixture, gconstpointer unused)
{
  static const struct
  {
    guint asked;
    guint lives;
  } times[] = { { 0, 30 }, { 1, 1 }, { 300, 300 } };

  g_test_summary ("A ticket lives to the last microsecond: 30 s, or as asked, up to 300 s");

  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    {
      g_autofree char *in_time = mint (fixture, OWNER, times[i].asked, NOW);
      g_autofree char *too_late = mint (fixture, OWNER, times[i].asked, NOW);
      gint64 end = NOW + times[i].lives * G_USEC_PER_SEC;

      g_assert_true (spend (fixture, in_time, end - 1));
      g_assert_false (spend (fixture, too_late, end));
    }

  assert_not_minted (fixture, NULL, ORIGIN, 301, CHANNELS_ERROR_NOT_ALLOWED);
  assert_not_minted (fixture, NULL, ORIGIN, G_MAXUINT, CHANNELS_ERROR_NOT_ALLOWED);
}

static void
test_tickets_are_bound_to_origin (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *stolen = mint (fixture, OWNER, 0, NOW);
  g_autofree char *without = mint (fixture, OWNER, 0, NOW);

  g_test_summary ("A ticket in a page of another origin, or in none, opens nothing and is spent");

  g_assert_false (
      channels_tickets_spend (fixture->tickets, stolen, "https://evil.example", GROUP, NOW));
  g_assert_false (channels_tickets_spend (fixture->tickets, without, NULL, GROUP, NOW));

  g_assert_false (spend (fixture, stolen, NOW));
  g_assert_false (spend (fixture, without, NOW));
}

static void
test_tickets_are_bound_to_groups (Fixture *fixture, gconstpointer unused)
{
  static const char *const groups[] = { "chat_a", GROUP, NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *right = NULL;
  g_autofree char *wrong = NULL;

  g_test_summary ("A ticket for some groups opens those; shown for another it is spent");

  right = channels_tickets_mint (fixture->tickets, OWNER, groups, ORIGIN, 0, NOW, &error);
  g_assert_no_error (error);
  wrong = channels_tickets_mint (fixture->tickets, OWNER, groups, ORIGIN, 0, NOW, &error);
  g_assert_no_error (error);

  g_assert_true (spend (fixture, right, NOW));
  g_assert_false (channels_tickets_spend (fixture->tickets, wrong, ORIGIN, "chat_b", NOW));
  g_assert_false (spend (fixture, wrong, NOW));
}

static void
test_tickets_without_groups_open_all (Fixture *fixture, gconstpointer unused)
{
  static const char *const none[] = { NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *ticket = NULL;

  g_test_summary ("A ticket for an empty list of groups opens each");

  ticket = channels_tickets_mint (fixture->tickets, OWNER, none, ORIGIN, 0, NOW, &error);
  g_assert_no_error (error);

  g_assert_true (spend (fixture, ticket, NOW));
}

static void
test_tickets_refuse_bad_groups (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *longest = g_strnfill (99, 'a');
  g_autofree char *too_long = g_strnfill (100, 'a');
  const char *const good[] = { longest, NULL };
  const char *const bad[] = { GROUP, too_long, NULL };
  static const char *const empty[] = { "", NULL };
  static const char *const newline[] = { GROUP "\n", NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *ticket = NULL;

  g_test_summary ("A ticket is for groups with names that are such, 99 bytes at most");

  ticket = channels_tickets_mint (fixture->tickets, OWNER, good, ORIGIN, 0, NOW, &error);
  g_assert_no_error (error);

  assert_not_minted (fixture, bad, ORIGIN, 0, CHANNELS_ERROR_INVALID_NAME);
  assert_not_minted (fixture, empty, ORIGIN, 0, CHANNELS_ERROR_INVALID_NAME);
  assert_not_minted (fixture, newline, ORIGIN, 0, CHANNELS_ERROR_INVALID_NAME);
}

static void
test_tickets_bound_groups (Fixture *fixture, gconstpointer unused)
{
  const char *groups[64 + 2] = { NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *ticket = NULL;

  g_test_summary ("A ticket may be for 64 groups, and not one more");

  for (guint i = 0; i < 64; i++)
    groups[i] = GROUP;
  ticket = channels_tickets_mint (fixture->tickets, OWNER, groups, ORIGIN, 0, NOW, &error);
  g_assert_no_error (error);

  groups[64] = GROUP;
  assert_not_minted (fixture, groups, ORIGIN, 0, CHANNELS_ERROR_NOT_ALLOWED);
}

static void
test_tickets_refuse_bad_origins (Fixture *fixture, gconstpointer unused)
{
  static const char *const bad[] = { "", "null", "file://", "*", "https://app.example/" };

  g_test_summary ("A ticket is for an origin that a browser would send");

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_not_minted (fixture, NULL, bad[i], 0, CHANNELS_ERROR_NOT_ALLOWED);
}

static void
test_tickets_bound_owner (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *others = NULL;

  g_test_summary ("One owner may have 256 living tickets; others do not suffer for it");

  mint_many (fixture, OWNER, 256, NOW);
  assert_not_minted (fixture, NULL, ORIGIN, 0, CHANNELS_ERROR_NOT_ALLOWED);

  others = mint (fixture, ":1.2", 0, NOW);
  g_assert_true (spend (fixture, others, NOW));
}

static void
test_tickets_bound_all (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("There may be 1,024 living tickets, and not one more");

  for (guint i = 0; i < 1024 / CHANNELS_TICKETS_PER_OWNER_MAX; i++)
    {
      g_autofree char *owner = g_strdup_printf (":2.%u", i);

      mint_many (fixture, owner, CHANNELS_TICKETS_PER_OWNER_MAX, NOW);
    }

  assert_not_minted (fixture, NULL, ORIGIN, 0, CHANNELS_ERROR_NOT_ALLOWED);
}

static void
test_tickets_purge_first (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("Tickets that are too old stand in nobody's way");

  mint_many (fixture, OWNER, CHANNELS_TICKETS_PER_OWNER_MAX, NOW);
  mint_many (fixture, OWNER, CHANNELS_TICKETS_PER_OWNER_MAX, NOW + 30 * G_USEC_PER_SEC);
}

static void
test_tickets_hide_memory (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ChannelsSecret) ticket = NULL;

  g_test_summary ("With the first ticket this process' memory is hidden from others");

  channels_secret_hide_memory (FALSE);
  ticket = mint (fixture, OWNER, 0, NOW);

  g_assert_cmpint (prctl (PR_GET_DUMPABLE), ==, 0);
}

static void
test_tickets_free_nothing (void)
{
  g_test_summary ("No tickets are freed without harm");

  channels_tickets_free (NULL);
}

static void
add (const char *path, void (*func) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, NULL, set_up, func, tear_down);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("/tickets/base64url", test_tickets_are_base64url);
  add ("/tickets/spend/once", test_tickets_work_once);
  add ("/tickets/spend/any-order", test_tickets_work_in_any_order);
  add ("/tickets/spend/none", test_tickets_refuse_what_is_none);
  add ("/tickets/spend/in-time", test_tickets_live_as_long_as_asked);
  add ("/tickets/spend/origin", test_tickets_are_bound_to_origin);
  add ("/tickets/spend/groups", test_tickets_are_bound_to_groups);
  add ("/tickets/spend/all-groups", test_tickets_without_groups_open_all);
  add ("/tickets/mint/hides-memory", test_tickets_hide_memory);
  add ("/tickets/mint/bad-groups", test_tickets_refuse_bad_groups);
  add ("/tickets/mint/bad-origins", test_tickets_refuse_bad_origins);
  add ("/tickets/bounds/groups", test_tickets_bound_groups);
  add ("/tickets/bounds/owner", test_tickets_bound_owner);
  add ("/tickets/bounds/all", test_tickets_bound_all);
  add ("/tickets/bounds/purge", test_tickets_purge_first);
  g_test_add_func ("/tickets/free/nothing", test_tickets_free_nothing);

  return g_test_run ();
}
