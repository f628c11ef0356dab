/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "audience-fixture.h"

#include <glib/gstdio.h>

static void
test_audience_knows_exactly_what_waits (AudienceFixture *fixture, gconstpointer unused)
{
  g_autoptr (GByteArray) second = g_byte_array_new ();
  AudienceBrowser *slow = &fixture->browsers[0];
  gsize sent = audience_fixture_fill_kernel (fixture, second);

  g_test_summary ("What waits for a browser is what was sent without what the kernel holds for it");

  for (guint i = 0; i < 5; i++)
    {
      g_assert_cmpuint (channels_socket_get_backlog (slow->socket) +
                            audience_browser_count_readable (slow),
                        ==, sent);
      audience_fixture_send_size (fixture, 200 + i);
      sent += 200 + i;
      audience_fixture_turn ();
    }
}

static void
test_audience_keeps_order_over_partial_writes (AudienceFixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GByteArray) expected = NULL;
  g_autoptr (GByteArray) read = g_byte_array_new ();
  AudienceBrowser *slow = &fixture->browsers[0];

  g_test_summary ("However little the kernel takes at once, each frame comes whole and in order");

  for (guint i = 0; i < AUDIENCE_BUDGET_EVENTS; i++)
    {
      g_autofree char *filler = g_strnfill (150, 'a' + i % 26);

      g_ptr_array_add (texts, g_strdup_printf ("%u %s", i, filler));
      audience_fixture_send (fixture, g_ptr_array_index (texts, i));
      if (i % 3 == 0)
        audience_fixture_turn ();
      if (i % 7 == 0)
        audience_browser_read (slow, read);
    }
  g_ptr_array_add (texts, NULL);
  expected = audience_fixture_encode (fixture, (const char *const *) texts->pdata);
  while (read->len < expected->len)
    {
      audience_fixture_turn ();
      audience_browser_read (slow, read);
    }

  g_assert_cmpuint (slow->slow, ==, 0);
  g_assert_cmpmem (read->data, read->len, expected->data, expected->len);
}

static void
test_audience_takes_a_budget_to_the_last_byte (AudienceFixture *fixture, gconstpointer unused)
{
  g_autoptr (GByteArray) second = g_byte_array_new ();
  AudienceBrowser *slow = &fixture->browsers[0];

  g_test_summary ("As much may wait as the budget says, and an event of one byte more is too much");

  audience_fixture_fill_kernel (fixture, second);
  audience_fixture_send_size (fixture,
                              AUDIENCE_BUDGET_BYTES - channels_socket_get_backlog (slow->socket));
  audience_fixture_turn ();
  g_assert_cmpuint (slow->slow, ==, 0);
  g_assert_cmpuint (channels_socket_get_backlog (slow->socket), ==, AUDIENCE_BUDGET_BYTES);

  audience_fixture_send (fixture, "");
  audience_fixture_turn ();
  g_assert_cmpuint (slow->slow, ==, 1);
  g_assert_cmpuint (channels_socket_get_backlog (slow->socket), ==, AUDIENCE_BUDGET_BYTES);
}

static void
test_audience_refuses_one_byte_past_a_budget (AudienceFixture *fixture, gconstpointer unused)
{
  g_autoptr (GByteArray) second = g_byte_array_new ();
  AudienceBrowser *slow = &fixture->browsers[0];
  gsize backlog;

  g_test_summary ("An event that takes the backlog one byte past its budget is not queued at all");

  audience_fixture_fill_kernel (fixture, second);
  backlog = channels_socket_get_backlog (slow->socket);
  audience_fixture_send_size (fixture, AUDIENCE_BUDGET_BYTES - backlog + 1);
  audience_fixture_turn ();

  g_assert_cmpuint (slow->slow, ==, 1);
  g_assert_cmpuint (channels_socket_get_backlog (slow->socket), ==, backlog);
}

static void
test_audience_counts_the_events_that_wait (AudienceFixture *fixture, gconstpointer unused)
{
  g_autoptr (GByteArray) second = g_byte_array_new ();
  AudienceBrowser *slow = &fixture->browsers[0];

  g_test_summary ("As many events may wait as the budget says, the half-written one too, no more");

  audience_fixture_fill_kernel (fixture, second);
  for (guint i = 1; i < AUDIENCE_BUDGET_EVENTS; i++)
    {
      audience_fixture_send (fixture, "");
      audience_fixture_turn ();
    }
  g_assert_cmpuint (slow->slow, ==, 0);

  audience_fixture_send (fixture, "");
  audience_fixture_turn ();
  g_assert_cmpuint (slow->slow, ==, 1);
}

static void
test_audience_lets_nobody_wait_for_the_slow (AudienceFixture *fixture, gconstpointer unused)
{
  g_autoptr (GByteArray) second = g_byte_array_new ();
  gsize sent = audience_fixture_fill_kernel (fixture, second);

  g_test_summary ("While one browser is far past its budget the others get everything");

  for (guint i = 0; i < 100; i++)
    {
      audience_fixture_send_size (fixture, 1000);
      sent += 1000;
      audience_fixture_turn ();
      audience_browser_read (&fixture->browsers[1], second);
    }

  g_assert_cmpuint (fixture->browsers[0].slow, ==, 1);
  g_assert_cmpuint (fixture->browsers[1].slow, ==, 0);
  g_assert_cmpuint (second->len, ==, sent);
}

static void
test_audience_always_has_room_for_one (AudienceFixture *fixture, gconstpointer unused)
{
  g_autoptr (GByteArray) read = g_byte_array_new ();
  gsize size = 3 * AUDIENCE_BUDGET_BYTES;

  g_test_summary ("An event that finds nothing in front of it is never too much");

  audience_fixture_send_size (fixture, size);
  do
    {
      audience_fixture_turn ();
      audience_browser_read (&fixture->browsers[0], read);
    }
  while (read->len < size);

  g_assert_cmpuint (fixture->browsers[0].slow, ==, 0);
}

static void
test_audience_does_without_who_is_gone (AudienceFixture *fixture, gconstpointer unused)
{
  g_test_summary ("A browser that has closed is told to be gone, once; the others get everything");

  g_close (g_steal_fd (&fixture->browsers[0].fd), NULL);
  audience_fixture_send (fixture, "one");
  audience_fixture_turn ();
  audience_fixture_send (fixture, "two");
  audience_fixture_turn ();

  g_assert_cmpuint (fixture->browsers[0].gone, ==, 1);
  audience_browser_assert_reads (fixture, &fixture->browsers[1], TEXTS ("one", "two"));
}

static void
test_audience_does_without_who_goes_in_mid_write (AudienceFixture *fixture, gconstpointer unused)
{
  g_autoptr (GByteArray) second = g_byte_array_new ();

  g_test_summary ("A browser that closes while something waits for it is gone, not slow");

  audience_fixture_fill_kernel (fixture, second);
  g_close (g_steal_fd (&fixture->browsers[0].fd), NULL);
  audience_fixture_turn ();
  audience_fixture_send (fixture, "one");
  audience_fixture_turn ();

  g_assert_cmpuint (fixture->browsers[0].gone, ==, 1);
  g_assert_cmpuint (fixture->browsers[0].slow, ==, 0);
  g_assert_cmpuint (channels_socket_get_backlog (fixture->browsers[0].socket), ==, 0);
  audience_browser_assert_reads (fixture, &fixture->browsers[1], TEXTS ("one"));
}

/* Writes to one browser alone more than the kernel takes: what waits is not the audience's. */
static GBytes *
push_alone (AudienceFixture *fixture, AudienceBrowser *browser)
{
  GBytes *frames =
      g_bytes_new_take (g_strnfill (AUDIENCE_BUDGET_BYTES, 'p'), AUDIENCE_BUDGET_BYTES);

  channels_socket_push (browser->socket, frames, 1);
  g_assert_cmpuint (channels_socket_get_backlog (browser->socket), >, 0);

  return frames;
}

static void
test_audience_writes_behind_what_waits_already (AudienceFixture *fixture, gconstpointer unused)
{
  AudienceBrowser *busy = &fixture->browsers[0];
  g_autoptr (GByteArray) read = g_byte_array_new ();
  g_autoptr (GByteArray) before = audience_fixture_encode (fixture, TEXTS ("before"));
  g_autoptr (GByteArray) after = audience_fixture_encode (fixture, TEXTS ("after"));
  g_autoptr (GBytes) alone = NULL;

  g_test_summary ("What one browser alone was sent comes before what its audience gets afterwards");

  audience_fixture_send (fixture, "before");
  audience_fixture_turn ();
  alone = push_alone (fixture, busy);
  audience_browser_read (busy, read); /* the kernel has room again, and nobody knows it yet */
  audience_fixture_send (fixture, "after");
  channels_audience_catch_up (fixture->audience, &busy->seat);
  while (read->len < before->len + AUDIENCE_BUDGET_BYTES + after->len)
    {
      audience_fixture_turn ();
      audience_browser_read (busy, read);
    }

  g_assert_cmpmem (read->data, before->len, before->data, before->len);
  g_assert_cmpmem (read->data + before->len, AUDIENCE_BUDGET_BYTES, g_bytes_get_data (alone, NULL),
                   AUDIENCE_BUDGET_BYTES);
  g_assert_cmpmem (read->data + before->len + AUDIENCE_BUDGET_BYTES, after->len, after->data,
                   after->len);
  audience_browser_assert_reads (fixture, &fixture->browsers[1], TEXTS ("before", "after"));
}

static void
test_audience_writes_to_no_closed_descriptor (AudienceFixture *fixture, gconstpointer unused)
{
  AudienceBrowser *closed = &fixture->browsers[0];
  int fds[2];
  guint8 byte;

  g_test_summary (
      "Whoever has the descriptor of a browser that was closed gets none of its events");

  audience_fixture_send (fixture, "before");
  audience_fixture_turn ();
  channels_socket_abort (closed->socket);
  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds));
  audience_fixture_send (fixture, "after");
  audience_fixture_turn ();

  g_assert_cmpint (recv (fds[0], &byte, 1, 0), ==, -1);
  g_assert_cmpint (recv (fds[1], &byte, 1, 0), ==, -1);
  audience_browser_assert_reads (fixture, &fixture->browsers[1], TEXTS ("before", "after"));
  g_close (fds[0], NULL);
  g_close (fds[1], NULL);
}

static void
test_audience_writes_nothing_behind_an_end (AudienceFixture *fixture, gconstpointer unused)
{
  AudienceBrowser *closing = &fixture->browsers[0];
  g_autoptr (GError) error = NULL;

  g_test_summary ("A browser that is being closed gets what was sent before that, and no more");

  audience_fixture_send (fixture, "before");
  audience_fixture_turn ();
  g_io_stream_close (G_IO_STREAM (closing->socket), NULL, &error);
  g_assert_no_error (error);
  audience_fixture_send (fixture, "after");
  audience_fixture_turn ();

  g_assert_cmpuint (closing->gone, ==, 0);
  audience_browser_assert_reads (fixture, closing, TEXTS ("before"));
  audience_browser_assert_reads (fixture, &fixture->browsers[1], TEXTS ("before", "after"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  audience_fixture_add ("slow/exact", AUDIENCE_STREAMS, test_audience_knows_exactly_what_waits);
  audience_fixture_add ("slow/order", AUDIENCE_STREAMS,
                        test_audience_keeps_order_over_partial_writes);
  audience_fixture_add ("slow/budget", AUDIENCE_STREAMS,
                        test_audience_takes_a_budget_to_the_last_byte);
  audience_fixture_add ("slow/past-budget", AUDIENCE_STREAMS,
                        test_audience_refuses_one_byte_past_a_budget);
  audience_fixture_add ("slow/events", AUDIENCE_STREAMS, test_audience_counts_the_events_that_wait);
  audience_fixture_add ("slow/others", AUDIENCE_STREAMS,
                        test_audience_lets_nobody_wait_for_the_slow);
  audience_fixture_add ("slow/one", AUDIENCE_STREAMS, test_audience_always_has_room_for_one);
  audience_fixture_add ("gone/before", AUDIENCE_STREAMS, test_audience_does_without_who_is_gone);
  audience_fixture_add ("gone/in-mid-write", AUDIENCE_STREAMS,
                        test_audience_does_without_who_goes_in_mid_write);
  audience_fixture_add ("alone", AUDIENCE_STREAMS, test_audience_writes_behind_what_waits_already);
  audience_fixture_add ("closed", AUDIENCE_STREAMS, test_audience_writes_to_no_closed_descriptor);
  audience_fixture_add ("closing", AUDIENCE_STREAMS, test_audience_writes_nothing_behind_an_end);

  return g_test_run ();
}
