/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "audience-fixture.h"
#include "channels-audiences.h"
#include "channels-error.h"
#include "channels-names.h"

static void
test_audience_writes_once_a_turn (AudienceFixture *fixture, gconstpointer unused)
{
  g_test_summary (
      "The frames of one turn of the loop are joined, in order, in one write a browser");

  g_assert_cmpuint (audience_fixture_send (fixture, "one"), ==, 2);
  audience_fixture_send (fixture, "two");
  audience_fixture_send (fixture, "three");
  audience_browser_assert_reads (fixture, &fixture->browsers[0], NOTHING);
  audience_fixture_turn ();

  for (guint i = 0; i < 2; i++)
    {
      audience_browser_assert_reads (fixture, &fixture->browsers[i], TEXTS ("one", "two", "three"));
      audience_browser_assert_reads (fixture, &fixture->browsers[i], NOTHING);
    }
  audience_browser_assert_reads (fixture, &fixture->browsers[2], NOTHING);
}

static void
test_audience_writes_a_large_batch_at_once (AudienceFixture *fixture, gconstpointer unused)
{
  g_test_summary ("More than 256 KiB of one turn do not wait for its end");

  for (guint i = 0; i < 257; i++)
    {
      g_assert_cmpuint (audience_browser_count_readable (&fixture->browsers[0]), ==, 0);
      audience_fixture_send_size (fixture, i < 255 ? 1024 : 512);
    }

  g_assert_cmpuint (audience_browser_count_readable (&fixture->browsers[0]), >, 0);
}

static void
test_audience_shows_only_what_has_a_handler (AudienceFixture *fixture, gconstpointer unused)
{
  static const char text[] = "{\"type\": \"news\"}";
  g_autoptr (ChannelsEvent) event = channels_event_new_from_json (text, sizeof text - 1, 32, NULL);

  g_test_summary ("An event that the route has no handler for has no receivers, and no write");

  g_assert_cmpuint (
      channels_hub_send_to_group (fixture->hub, AUDIENCE_GROUP, event, NULL, NULL, NULL), ==, 0);
  audience_fixture_turn ();
  audience_browser_assert_reads (fixture, &fixture->browsers[0], NOTHING);
}

static void
test_audience_gives_who_joins_what_comes (AudienceFixture *fixture, gconstpointer unused)
{
  g_test_summary ("Who joins within a turn gets what is sent after it, and nothing from before");

  audience_fixture_send (fixture, "before");
  audience_fixture_join (fixture, &fixture->browsers[2]);
  audience_fixture_send (fixture, "after");
  audience_fixture_turn ();

  audience_browser_assert_reads (fixture, &fixture->browsers[0], TEXTS ("before", "after"));
  audience_browser_assert_reads (fixture, &fixture->browsers[2], TEXTS ("after"));
}

static void
test_audience_gives_who_leaves_what_came (AudienceFixture *fixture, gconstpointer unused)
{
  g_test_summary ("Who leaves within a turn gets what was sent before it, and nothing after");

  audience_fixture_send (fixture, "before");
  audience_fixture_leave (fixture, &fixture->browsers[0]);
  audience_fixture_send (fixture, "after");
  audience_fixture_turn ();

  audience_browser_assert_reads (fixture, &fixture->browsers[0], TEXTS ("before"));
  audience_browser_assert_reads (fixture, &fixture->browsers[0], NOTHING);
  audience_browser_assert_reads (fixture, &fixture->browsers[1], TEXTS ("before", "after"));
}

static void
test_audience_is_in_its_group_while_it_has_browsers (AudienceFixture *fixture, gconstpointer unused)
{
  g_test_summary ("An audience is in its group from its first browser to its last, in any order");

  g_assert_cmpuint (channels_audience_get_size (fixture->audience), ==, 2);
  audience_fixture_leave (fixture, &fixture->browsers[0]);
  g_assert_cmpuint (audience_fixture_send (fixture, "x"), ==, 1);
  audience_fixture_leave (fixture, &fixture->browsers[1]);
  g_assert_cmpuint (audience_fixture_send (fixture, "x"), ==, 0);
  g_assert_cmpuint (channels_audience_get_size (fixture->audience), ==, 0);
  audience_fixture_join (fixture, &fixture->browsers[2]);
  audience_fixture_join (fixture, &fixture->browsers[0]);
  g_assert_cmpuint (audience_fixture_send (fixture, "x"), ==, 2);
}

static void
count_cb (const char *channel, const char *kind, gint64 joined, gpointer user_data)
{
  g_assert_cmpstr (channel, ==, "specific.test!b");
  g_assert_cmpstr (kind, ==, CHANNELS_KIND_WEBSOCKET);
  (*(guint *) user_data)++;
}

static void
test_audience_lists_its_browsers (AudienceFixture *fixture, gconstpointer unused)
{
  ChannelsMember *member = CHANNELS_MEMBER (fixture->audience);
  g_autoptr (GError) error = NULL;
  guint count = 0;

  g_test_summary ("The group's list has each browser; the audience itself cannot be closed");

  channels_hub_list_members (fixture->hub, AUDIENCE_GROUP, count_cb, &count);

  g_assert_cmpuint (count, ==, 2);
  g_assert_cmpuint (channels_member_get_size (member, AUDIENCE_GROUP), ==, 2);
  g_assert_false (channels_member_disconnect (member, 1000, NULL, &error));
  g_assert_error (error, CHANNELS_ERROR, CHANNELS_ERROR_NOT_ALLOWED);
}

static void
test_audience_of_another_group_hears_its_own (AudienceFixture *fixture, gconstpointer unused)
{
  g_autoptr (ChannelsAudience) other =
      channels_audience_new (fixture->hub, fixture->poller, fixture->consumer, "chat_other");
  g_autoptr (ChannelsEvent) event = channels_event_new_chat_text ("there");

  g_test_summary ("Browsers of two groups get each their own, in the same turn");

  channels_audience_join (other, &fixture->browsers[2].seat);
  audience_fixture_send (fixture, "here");
  channels_hub_send_to_group (fixture->hub, "chat_other", event, NULL, NULL, NULL);
  audience_fixture_turn ();

  audience_browser_assert_reads (fixture, &fixture->browsers[0], TEXTS ("here"));
  audience_browser_assert_reads (fixture, &fixture->browsers[0], NOTHING);
  audience_browser_assert_reads (fixture, &fixture->browsers[2], TEXTS ("there"));
  audience_browser_assert_reads (fixture, &fixture->browsers[2], NOTHING);
  channels_audience_leave (other, &fixture->browsers[2].seat);
}

/* Seats of one slice, and browsers that have them: all but the last. */
#define SLICE 256

/* The first two browsers fill a slice, by as many @seats; the last one comes behind them. */
static void
join_slice (AudienceFixture *fixture, ChannelsSeat seats[SLICE])
{
  for (guint i = 2; i < SLICE; i++)
    {
      seats[i] = fixture->browsers[i % 2].seat;
      channels_audience_join (fixture->audience, &seats[i]);
    }
  audience_fixture_join (fixture, &fixture->browsers[2]);
}

static void
leave_slice (AudienceFixture *fixture, ChannelsSeat seats[SLICE])
{
  for (guint i = 2; i < SLICE; i++)
    channels_audience_leave (fixture->audience, &seats[i]);
}

/* As the loop does before it asks the other sources: one slice is written. */
static void
write_first_slice (AudienceFixture *fixture)
{
  int priority;

  g_assert_true (g_main_context_acquire (NULL));
  g_assert_true (g_main_context_prepare (NULL, &priority));
  g_main_context_release (NULL);

  g_assert_cmpuint (audience_browser_count_readable (&fixture->browsers[0]), >, 0);
  g_assert_cmpuint (audience_browser_count_readable (&fixture->browsers[2]), ==, 0);
}

static void
test_audience_leaves_others_their_turn (AudienceFixture *fixture, gconstpointer unused)
{
  ChannelsSeat seats[SLICE];

  g_test_summary (
      "After so many browsers the loop has its turn, and then the others are written to, with what "
      "has come meanwhile");

  join_slice (fixture, seats);

  audience_fixture_send (fixture, "one");
  write_first_slice (fixture);
  audience_fixture_send (fixture, "two");
  audience_fixture_turn ();

  audience_browser_assert_reads (fixture, &fixture->browsers[2], TEXTS ("one", "two"));
  audience_browser_assert_reads (fixture, &fixture->browsers[2], NOTHING);
  for (guint i = 0; i < SLICE / 2; i++)
    audience_browser_assert_reads (fixture, &fixture->browsers[0], TEXTS ("one"));
  for (guint i = 0; i < SLICE / 2; i++)
    audience_browser_assert_reads (fixture, &fixture->browsers[0], TEXTS ("two"));
  audience_browser_assert_reads (fixture, &fixture->browsers[0], NOTHING);
  leave_slice (fixture, seats);
}

static void
test_audience_begins_where_it_ended (AudienceFixture *fixture, gconstpointer unused)
{
  ChannelsSeat seats[SLICE];
  int priority;

  g_test_summary ("Those that were written to last are the first of the next round");

  join_slice (fixture, seats);

  audience_fixture_send (fixture, "one");
  audience_fixture_turn ();
  audience_browser_assert_reads (fixture, &fixture->browsers[2], TEXTS ("one"));
  audience_fixture_send (fixture, "two");
  g_assert_true (g_main_context_acquire (NULL));
  g_assert_true (g_main_context_prepare (NULL, &priority));
  g_main_context_release (NULL);

  audience_browser_assert_reads (fixture, &fixture->browsers[2], TEXTS ("two"));
  leave_slice (fixture, seats);
}

static void
test_audience_catches_up_for_who_leaves (AudienceFixture *fixture, gconstpointer unused)
{
  ChannelsSeat seats[SLICE];
  gsize readable;

  g_test_summary ("Who leaves amid a round has all until then, and nobody else is written to");

  join_slice (fixture, seats);

  audience_fixture_send (fixture, "one");
  write_first_slice (fixture);
  audience_fixture_send (fixture, "two");
  readable = audience_browser_count_readable (&fixture->browsers[1]);
  audience_fixture_leave (fixture, &fixture->browsers[2]);
  audience_browser_assert_reads (fixture, &fixture->browsers[2], TEXTS ("one", "two"));
  g_assert_cmpuint (audience_browser_count_readable (&fixture->browsers[1]), ==, readable);
  audience_fixture_send (fixture, "three");
  audience_fixture_turn ();

  audience_browser_assert_reads (fixture, &fixture->browsers[2], NOTHING);
  leave_slice (fixture, seats);
}

static void
test_audience_finds_who_was_moved (AudienceFixture *fixture, gconstpointer unused)
{
  ChannelsSeat seats[SLICE];

  g_test_summary ("Who takes the place of one that leaves amid a round is not left out");

  join_slice (fixture, seats);

  audience_fixture_send (fixture, "one");
  write_first_slice (fixture);
  channels_audience_leave (fixture->audience, &seats[2]);
  audience_fixture_turn ();

  audience_browser_assert_reads (fixture, &fixture->browsers[2], TEXTS ("one"));
  channels_audience_join (fixture->audience, &seats[2]);
  leave_slice (fixture, seats);
}

static void
test_audience_rests_when_all_is_written (AudienceFixture *fixture, gconstpointer unused)
{
  ChannelsSeat seats[SLICE];
  guint turns = 0;

  g_test_summary ("Where nothing has been left to write the loop sleeps, however many there are");

  join_slice (fixture, seats);

  audience_fixture_send (fixture, "one");
  for (guint i = 0; i < SLICE; i++)
    channels_audience_catch_up (fixture->audience, i < 2 ? &fixture->browsers[i].seat : &seats[i]);
  channels_audience_catch_up (fixture->audience, &fixture->browsers[2].seat);
  while (turns < SLICE && g_main_context_iteration (NULL, FALSE))
    turns++;

  g_assert_cmpuint (turns, <, SLICE);
  leave_slice (fixture, seats);
}

static void
count_ready_cb (gpointer user_data)
{
  (*(guint *) user_data)++;
}

/* Events of a write, and of so many that it is busy. */
#define FULL 1024
#define BUSY (2 * FULL)

static void
test_audience_says_when_it_is_ready (AudienceFixture *fixture, gconstpointer unused)
{
  ChannelsMember *member = CHANNELS_MEMBER (fixture->audience);
  ChannelsSeat seats[SLICE];
  guint n_ready = 0;

  g_test_summary ("While there is more than two writes for a browser, it is not ready for more");

  join_slice (fixture, seats);

  for (guint i = 0; i < BUSY - 1; i++)
    audience_fixture_send (fixture, "x");
  g_assert_false (channels_member_when_ready (member, count_ready_cb, &n_ready));
  audience_fixture_send (fixture, "x");
  g_assert_true (channels_member_when_ready (member, count_ready_cb, &n_ready));
  g_assert_true (channels_member_when_ready (member, count_ready_cb, &n_ready));
  g_assert_cmpuint (n_ready, ==, 0);
  g_assert_cmpuint (audience_browser_count_readable (&fixture->browsers[2]), ==, 0);

  audience_fixture_turn ();
  g_assert_cmpuint (n_ready, ==, 2);
  g_assert_false (channels_member_when_ready (member, count_ready_cb, &n_ready));
  g_assert_cmpuint (audience_browser_count_readable (&fixture->browsers[2]), >, 0);

  leave_slice (fixture, seats);
}

static void
test_audience_does_not_hurry_for_one (AudienceFixture *fixture, gconstpointer unused)
{
  ChannelsSeat seats[SLICE];

  g_test_summary ("An event that is large by itself is written in turns of the loop, as any other");

  join_slice (fixture, seats);

  audience_fixture_send_size (fixture, 5 * 1024 * 1024);
  audience_fixture_send (fixture, "x");
  g_assert_cmpuint (channels_socket_get_backlog (fixture->browsers[2].socket), ==, 0);
  audience_fixture_turn ();
  g_assert_cmpuint (channels_socket_get_backlog (fixture->browsers[2].socket), >, 0);

  leave_slice (fixture, seats);
}

static void
test_audience_is_ready_when_all_have_left (AudienceFixture *fixture, gconstpointer unused)
{
  ChannelsMember *member = CHANNELS_MEMBER (fixture->audience);
  ChannelsSeat seats[SLICE];
  guint n_ready = 0;

  g_test_summary ("Who waits for an audience that all leave does not wait for ever");

  join_slice (fixture, seats);

  for (guint i = 0; i < BUSY; i++)
    audience_fixture_send (fixture, "x");
  g_assert_true (channels_member_when_ready (member, count_ready_cb, &n_ready));
  leave_slice (fixture, seats);
  for (guint i = 0; i < AUDIENCE_BROWSERS; i++)
    audience_fixture_leave (fixture, &fixture->browsers[i]);

  g_assert_cmpuint (n_ready, ==, 1);
  g_assert_false (channels_member_when_ready (member, count_ready_cb, &n_ready));
}

static void
test_audiences_are_one_a_group (AudienceFixture *fixture, gconstpointer unused)
{
  ChannelsAudiences *all = channels_audiences_new (fixture->hub, fixture->poller, 32);
  g_autoptr (ChannelsAudience) left =
      g_object_ref (channels_audiences_get (all, AUDIENCE_GROUP, CHANNELS_CONSUMER_CHAT));
  ChannelsAudience *next;

  g_test_summary ("Who is the last to be gone from an empty audience takes nobody else's place");

  channels_audiences_drop_if_empty (all, left);
  next = channels_audiences_get (all, AUDIENCE_GROUP, CHANNELS_CONSUMER_CHAT);
  g_assert_true (next != left);
  channels_audiences_drop_if_empty (all, left);

  g_assert_true (channels_audiences_get (all, AUDIENCE_GROUP, CHANNELS_CONSUMER_CHAT) == next);
  channels_audiences_free (all);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  audience_fixture_add ("writes/once", AUDIENCE_RECORDS, test_audience_writes_once_a_turn);
  audience_fixture_add ("writes/large", AUDIENCE_STREAMS,
                        test_audience_writes_a_large_batch_at_once);
  audience_fixture_add ("writes/handled", AUDIENCE_RECORDS,
                        test_audience_shows_only_what_has_a_handler);
  audience_fixture_add ("join", AUDIENCE_RECORDS, test_audience_gives_who_joins_what_comes);
  audience_fixture_add ("leave", AUDIENCE_RECORDS, test_audience_gives_who_leaves_what_came);
  audience_fixture_add ("slices/turns", AUDIENCE_RECORDS, test_audience_leaves_others_their_turn);
  audience_fixture_add ("slices/back", AUDIENCE_RECORDS, test_audience_begins_where_it_ended);
  audience_fixture_add ("slices/leave", AUDIENCE_RECORDS, test_audience_catches_up_for_who_leaves);
  audience_fixture_add ("slices/moved", AUDIENCE_RECORDS, test_audience_finds_who_was_moved);
  audience_fixture_add ("slices/ready", AUDIENCE_RECORDS, test_audience_says_when_it_is_ready);
  audience_fixture_add ("slices/hurry", AUDIENCE_STREAMS, test_audience_does_not_hurry_for_one);
  audience_fixture_add ("slices/left", AUDIENCE_RECORDS, test_audience_is_ready_when_all_have_left);
  audience_fixture_add ("slices/rest", AUDIENCE_RECORDS, test_audience_rests_when_all_is_written);
  audience_fixture_add ("group", AUDIENCE_RECORDS,
                        test_audience_is_in_its_group_while_it_has_browsers);
  audience_fixture_add ("list", AUDIENCE_RECORDS, test_audience_lists_its_browsers);
  audience_fixture_add ("groups", AUDIENCE_RECORDS, test_audience_of_another_group_hears_its_own);
  audience_fixture_add ("one", AUDIENCE_RECORDS, test_audiences_are_one_a_group);

  return g_test_run ();
}
