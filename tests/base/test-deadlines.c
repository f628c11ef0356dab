/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-deadlines.h"

/* Nothing here takes this long unless it is broken. */
#define TIMEOUT_S 10

typedef struct
{
  ChannelsDeadline deadline;
  ChannelsDeadlines *deadlines; /* (unowned) */
  GString *calls;               /* (unowned): the names of those called, in order */
  char name;
  gint64 again; /* µs after a call at which it is set again; -1: it is not */
} Alarm;

typedef struct
{
  ChannelsDeadlines *deadlines; /* (owned) */
  GString *calls;               /* (owned) */
  Alarm alarms[4];              /* named a, b, c, d */
} Fixture;

static void
alarm_due (ChannelsDeadline *deadline, gint64 now)
{
  Alarm *self = (Alarm *) deadline;

  g_assert_null (deadline->iter);
  g_assert_cmpint (deadline->due, <=, now);
  g_assert_cmpuint (self->calls->len, <, 100);

  g_string_append_c (self->calls, self->name);
  if (self->again >= 0)
    channels_deadlines_set (self->deadlines, deadline, now + self->again);
}

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  fixture->deadlines = channels_deadlines_new ();
  fixture->calls = g_string_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (fixture->alarms); i++)
    fixture->alarms[i] = (Alarm){
      .deadline = { .func = alarm_due },
      .deadlines = fixture->deadlines,
      .calls = fixture->calls,
      .name = (char) ('a' + (char) i),
      .again = -1,
    };
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  channels_deadlines_free (fixture->deadlines);
  for (guint i = 0; i < G_N_ELEMENTS (fixture->alarms); i++)
    g_assert_null (fixture->alarms[i].deadline.iter);
  g_string_free (fixture->calls, TRUE);
}

static void
set (Fixture *fixture, char name, gint64 due)
{
  channels_deadlines_set (fixture->deadlines, &fixture->alarms[name - 'a'].deadline, due);
}

static void
assert_next (Fixture *fixture, gint64 due)
{
  g_assert_cmpint (channels_deadlines_get_next (fixture->deadlines), ==, due);
  g_assert_cmpint (g_source_get_ready_time (channels_deadlines_get_source (fixture->deadlines)), ==,
                   due);
}

static void
test_deadlines_empty (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("Where nothing is pending, nothing is due");

  assert_next (fixture, -1);
  channels_deadlines_run (fixture->deadlines, G_MAXINT64);

  g_assert_cmpstr (fixture->calls->str, ==, "");
}

static void
test_deadlines_in_order (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("What is due is called, earliest first, and nothing that is not due");

  set (fixture, 'a', 30);
  set (fixture, 'b', 10);
  set (fixture, 'c', 40);
  set (fixture, 'd', 20);
  assert_next (fixture, 10);

  channels_deadlines_run (fixture->deadlines, 9);
  g_assert_cmpstr (fixture->calls->str, ==, "");
  channels_deadlines_run (fixture->deadlines, 10);
  g_assert_cmpstr (fixture->calls->str, ==, "b");
  assert_next (fixture, 20);
  channels_deadlines_run (fixture->deadlines, 39);
  g_assert_cmpstr (fixture->calls->str, ==, "bda");
  assert_next (fixture, 40);
}

static void
test_deadlines_of_one_moment (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("Deadlines of one moment are called in the order in which they were set");

  set (fixture, 'b', 10);
  set (fixture, 'a', 10);
  set (fixture, 'c', 10);
  channels_deadlines_run (fixture->deadlines, 10);

  g_assert_cmpstr (fixture->calls->str, ==, "bac");
}

static void
test_deadlines_are_called_once (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("A deadline that was called is no longer pending");

  set (fixture, 'a', 10);
  channels_deadlines_run (fixture->deadlines, 10);
  channels_deadlines_run (fixture->deadlines, 20);

  g_assert_cmpstr (fixture->calls->str, ==, "a");
  assert_next (fixture, -1);
}

static void
test_deadlines_move (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("A deadline that is set again moves");

  set (fixture, 'a', 10);
  set (fixture, 'b', 20);
  set (fixture, 'a', 30);
  assert_next (fixture, 20);
  set (fixture, 'b', 40);
  assert_next (fixture, 30);
  channels_deadlines_run (fixture->deadlines, 40);

  g_assert_cmpstr (fixture->calls->str, ==, "ab");
}

static void
test_deadlines_are_cleared (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("A deadline that was cleared does not come, and may be cleared again");

  set (fixture, 'a', 10);
  set (fixture, 'b', 20);
  channels_deadlines_clear (fixture->deadlines, &fixture->alarms[0].deadline);
  channels_deadlines_clear (fixture->deadlines, &fixture->alarms[0].deadline);
  assert_next (fixture, 20);
  channels_deadlines_run (fixture->deadlines, 20);

  g_assert_cmpstr (fixture->calls->str, ==, "b");
}

static void
test_deadlines_set_again_when_due (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("A deadline may be set again when it is called");

  fixture->alarms[0].again = 10;
  set (fixture, 'a', 10);
  channels_deadlines_run (fixture->deadlines, 10);
  assert_next (fixture, 20);
  channels_deadlines_run (fixture->deadlines, 20);

  g_assert_cmpstr (fixture->calls->str, ==, "aa");
}

static void
test_deadlines_set_again_for_now (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("A deadline that is set for now when it is called waits for the next turn");

  fixture->alarms[0].again = 0;
  set (fixture, 'a', 10);
  set (fixture, 'b', 20);
  channels_deadlines_run (fixture->deadlines, 20);
  g_assert_cmpstr (fixture->calls->str, ==, "ab");
  channels_deadlines_run (fixture->deadlines, 21);

  g_assert_cmpstr (fixture->calls->str, ==, "aba");
}

static void
on_clear_next_due (ChannelsDeadline *deadline, gint64 now)
{
  Alarm *self = (Alarm *) deadline;

  g_string_append_c (self->calls, self->name);
  channels_deadlines_clear (self->deadlines, &self[1].deadline);
}

static void
test_deadlines_clear_another_when_due (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("A deadline that is called may clear one that is due as well");

  fixture->alarms[0].deadline.func = on_clear_next_due;
  set (fixture, 'a', 10);
  set (fixture, 'b', 10);
  set (fixture, 'c', 10);
  channels_deadlines_run (fixture->deadlines, 10);

  g_assert_cmpstr (fixture->calls->str, ==, "ac");
}

static gboolean
give_up_cb (gpointer user_data)
{
  g_assert_not_reached ();
}

static void
test_deadlines_come_by_themselves (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GSource) timeout = g_timeout_source_new_seconds (TIMEOUT_S);
  gint64 start = g_get_monotonic_time ();

  g_test_summary ("Attached to a context, deadlines are called when their time has come");

  g_source_set_callback (timeout, give_up_cb, NULL, NULL);
  g_source_attach (timeout, context);
  g_source_attach (channels_deadlines_get_source (fixture->deadlines), context);
  set (fixture, 'b', start + 20000);
  set (fixture, 'a', start + 10000);
  set (fixture, 'c', start + (gint64) 3600 * G_USEC_PER_SEC);

  while (fixture->calls->len < 2)
    g_main_context_iteration (context, TRUE);

  g_assert_cmpstr (fixture->calls->str, ==, "ab");
  g_assert_cmpint (g_get_monotonic_time (), >=, start + 20000);
  g_source_destroy (timeout);
}

#define add(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add ("/deadlines/empty", test_deadlines_empty);
  add ("/deadlines/in-order", test_deadlines_in_order);
  add ("/deadlines/of-one-moment", test_deadlines_of_one_moment);
  add ("/deadlines/are-called-once", test_deadlines_are_called_once);
  add ("/deadlines/move", test_deadlines_move);
  add ("/deadlines/are-cleared", test_deadlines_are_cleared);
  add ("/deadlines/set-again-when-due", test_deadlines_set_again_when_due);
  add ("/deadlines/set-again-for-now", test_deadlines_set_again_for_now);
  add ("/deadlines/clear-another-when-due", test_deadlines_clear_another_when_due);
  add ("/deadlines/come-by-themselves", test_deadlines_come_by_themselves);

  return g_test_run ();
}
