/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-idle.h"

#define TIMEOUT (600 * G_TIME_SPAN_SECOND)
#define START (1000 * G_TIME_SPAN_SECOND)

/* A node of which every step is written down, and told when by the test. */
typedef struct
{
  ChannelsIdle *idle; /* (owned) */
  GString *journal;   /* (owned) */
  gint64 last_used;
  gboolean besieged; /* somebody stands outside */
} Fixture;

static gint64
get_last_used (gpointer user_data)
{
  return ((Fixture *) user_data)->last_used;
}

static void
write_down (Fixture *fixture, const char *step)
{
  g_string_append_printf (fixture->journal, "%s ", step);
}

static gboolean
pause_door (gpointer user_data)
{
  Fixture *fixture = user_data;

  write_down (fixture, fixture->besieged ? "stay" : "pause");

  return !fixture->besieged;
}

static void
resume (gpointer user_data)
{
  write_down (user_data, "resume");
}

static void
release (gpointer user_data)
{
  write_down (user_data, "release");
}

static void
regain (gpointer user_data)
{
  write_down (user_data, "regain");
}

static void
end (gpointer user_data)
{
  write_down (user_data, "end");
}

static const ChannelsIdleFuncs funcs = {
  .get_last_used = get_last_used,
  .pause = pause_door,
  .resume = resume,
  .release = release,
  .regain = regain,
  .end = end,
};

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  fixture->journal = g_string_new (NULL);
  fixture->idle = channels_idle_new (&funcs, fixture);
  channels_idle_start (fixture->idle, TIMEOUT, START);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  channels_idle_free (fixture->idle);
  g_string_free (fixture->journal, TRUE);
}

static void
assert_journal (Fixture *fixture, const char *expected)
{
  g_assert_cmpstr (fixture->journal->str, ==, expected);
  g_string_truncate (fixture->journal, 0);
}

static void
test_idle_ends_in_order (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("At the end of its time, not before, it shuts the door, gives up the name, ends");

  channels_idle_check (fixture->idle, START + TIMEOUT - 1);
  assert_journal (fixture, "");
  channels_idle_check (fixture->idle, START + TIMEOUT);
  assert_journal (fixture, "pause release ");
  channels_idle_released (fixture->idle, START + TIMEOUT);
  assert_journal (fixture, "end ");

  channels_idle_check (fixture->idle, START + 2 * TIMEOUT);
  channels_idle_released (fixture->idle, START + 2 * TIMEOUT);
  channels_idle_regained (fixture->idle, TRUE, START + 2 * TIMEOUT);
  assert_journal (fixture, "");
}

static void
test_idle_counts_from_the_last_use (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("The time runs from the last use, and begins anew while it is in use");

  fixture->last_used = START + 5;
  channels_idle_check (fixture->idle, START + TIMEOUT + 4);
  fixture->last_used = G_MAXINT64;
  channels_idle_check (fixture->idle, START + 10 * TIMEOUT);
  fixture->last_used = START + 9 * TIMEOUT;
  channels_idle_check (fixture->idle, START + 11 * TIMEOUT - 1);
  assert_journal (fixture, "");

  channels_idle_check (fixture->idle, START + 11 * TIMEOUT);
  assert_journal (fixture, "pause release ");
}

static void
test_idle_stays_for_who_stands_outside (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("Somebody outside keeps it from ending, for as long again");

  fixture->besieged = TRUE;
  channels_idle_check (fixture->idle, START + TIMEOUT);
  assert_journal (fixture, "stay ");

  fixture->besieged = FALSE;
  channels_idle_check (fixture->idle, START + 2 * TIMEOUT - 1);
  assert_journal (fixture, "");
  channels_idle_check (fixture->idle, START + 2 * TIMEOUT);
  assert_journal (fixture, "pause release ");
}

static void
test_idle_stays_for_who_has_called (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("Who called before the name was given up, and needs it on, keeps it");

  channels_idle_check (fixture->idle, START + TIMEOUT);
  fixture->last_used = G_MAXINT64;
  channels_idle_released (fixture->idle, START + TIMEOUT);
  assert_journal (fixture, "pause release regain ");
  channels_idle_regained (fixture->idle, TRUE, START + TIMEOUT);
  assert_journal (fixture, "resume ");

  fixture->last_used = START + TIMEOUT;
  channels_idle_check (fixture->idle, START + 2 * TIMEOUT);
  assert_journal (fixture, "pause release ");
}

static void
test_idle_ends_where_the_next_is_there (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("Where the next one has the name already, it ends");

  channels_idle_check (fixture->idle, START + TIMEOUT);
  fixture->last_used = G_MAXINT64;
  channels_idle_released (fixture->idle, START + TIMEOUT);
  channels_idle_regained (fixture->idle, FALSE, START + TIMEOUT);

  assert_journal (fixture, "pause release regain end ");
}

static void
test_idle_ends_after_an_answer (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("A call that is answered already keeps nobody");

  channels_idle_check (fixture->idle, START + TIMEOUT);
  fixture->last_used = START + TIMEOUT + 1;
  channels_idle_released (fixture->idle, START + TIMEOUT + 2);

  assert_journal (fixture, "pause release end ");
}

static void
test_idle_stops (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("Stopped, in whichever state, it does nothing any more");

  channels_idle_check (fixture->idle, START + TIMEOUT);
  channels_idle_stop (fixture->idle);
  channels_idle_released (fixture->idle, START + TIMEOUT);
  assert_journal (fixture, "pause release ");

  channels_idle_start (fixture->idle, TIMEOUT, START);
  channels_idle_stop (fixture->idle);
  channels_idle_check (fixture->idle, START + TIMEOUT);
  assert_journal (fixture, "");
}

static void
test_idle_takes_another_time (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("Another time holds from now on; the same one goes on; none is for ever");

  channels_idle_start (fixture->idle, TIMEOUT, START + TIMEOUT / 2);
  channels_idle_start (fixture->idle, TIMEOUT / 2, START + TIMEOUT / 2);
  channels_idle_check (fixture->idle, START + TIMEOUT - 1);
  assert_journal (fixture, "");
  channels_idle_start (fixture->idle, 0, START + TIMEOUT);
  channels_idle_check (fixture->idle, START + 10 * TIMEOUT);
  assert_journal (fixture, "");

  channels_idle_start (fixture->idle, TIMEOUT, START);
  channels_idle_check (fixture->idle, START + TIMEOUT);
  channels_idle_start (fixture->idle, 0, START + TIMEOUT);
  channels_idle_released (fixture->idle, START + TIMEOUT);
  assert_journal (fixture, "pause release end ");
}

static gboolean
has_ended (Fixture *fixture)
{
  return g_str_has_suffix (fixture->journal->str, "release ");
}

static void
test_idle_has_a_timer (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("It looks by itself, when it is time");

  channels_idle_start (fixture->idle, G_TIME_SPAN_MILLISECOND, g_get_monotonic_time ());
  while (!has_ended (fixture))
    g_main_context_iteration (NULL, TRUE);

  assert_journal (fixture, "pause release ");
}

#define add(path, test) g_test_add ("/idle/" path, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("ends", test_idle_ends_in_order);
  add ("last-use", test_idle_counts_from_the_last_use);
  add ("outside", test_idle_stays_for_who_stands_outside);
  add ("called", test_idle_stays_for_who_has_called);
  add ("next", test_idle_ends_where_the_next_is_there);
  add ("answered", test_idle_ends_after_an_answer);
  add ("stops", test_idle_stops);
  add ("another-time", test_idle_takes_another_time);
  add ("timer", test_idle_has_a_timer);

  return g_test_run ();
}
