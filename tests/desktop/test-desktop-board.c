/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-desktop-board.h"

#define START (1000 * G_TIME_SPAN_SECOND)

typedef struct
{
  ChannelsDesktopBoard *board; /* (owned) */
  gint64 now;                  /* µs */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  fixture->now = START;
  fixture->board = channels_desktop_board_new (START);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  channels_desktop_board_free (fixture->board);
}

/* Returns what is to be closed for it. */
static guint32
put (Fixture *fixture, const char *group, const char *title)
{
  ChannelsDesktopNotification *notification = g_new0 (ChannelsDesktopNotification, 1);
  guint32 evicted = 77;

  notification->title = g_strdup (title);
  notification->body = g_strdup ("");
  g_assert_true (channels_desktop_board_put (fixture->board, group, notification, &evicted));

  return evicted;
}

/* What is given to the desktop next is @title of @group; NULL: nothing is. */
static void
assert_next (Fixture *fixture, const char *group, const char *title)
{
  g_autoptr (ChannelsDesktopNotification) notification = NULL;
  ChannelsDesktopNote *note =
      channels_desktop_board_next (fixture->board, fixture->now, &notification);

  g_assert_cmpstr (note != NULL ? note->group : NULL, ==, group);
  g_assert_cmpstr (notification != NULL ? notification->title : NULL, ==, title);
}

static void
show (Fixture *fixture, const char *group, guint32 id)
{
  put (fixture, group, "x");
  assert_next (fixture, group, "x");
  channels_desktop_board_sent (fixture->board, group, id);
}

static void
test_board_keeps_the_last_word (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("While the desktop is busy with a group, its latest waits, and one only");

  put (fixture, "a", "one");
  assert_next (fixture, "a", "one");
  put (fixture, "a", "two");
  put (fixture, "a", "three");
  fixture->now += 2 * CHANNELS_DESKTOP_GROUP_INTERVAL;
  assert_next (fixture, NULL, NULL);

  channels_desktop_board_sent (fixture->board, "a", 5);
  g_assert_cmpuint (channels_desktop_board_find (fixture->board, 5)->id, ==, 5);
  assert_next (fixture, "a", "three");
}

static void
test_board_group_interval (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("A group is shown at once, and again when its interval has passed");

  show (fixture, "a", 5);
  put (fixture, "a", "two");
  fixture->now += CHANNELS_DESKTOP_GROUP_INTERVAL - 1;
  assert_next (fixture, NULL, NULL);
  g_assert_true (channels_desktop_board_is_waiting (fixture->board));
  fixture->now++;
  assert_next (fixture, "a", "two");
}

static void
test_board_rate (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("All groups together have so many at once, and then so many a second");

  for (guint i = 0; i <= CHANNELS_DESKTOP_BURST + 1; i++)
    {
      g_autofree char *group = g_strdup_printf ("g%u", i);

      put (fixture, group, "x");
      assert_next (fixture, i < CHANNELS_DESKTOP_BURST ? group : NULL,
                   i < CHANNELS_DESKTOP_BURST ? "x" : NULL);
    }

  fixture->now += G_TIME_SPAN_SECOND / CHANNELS_DESKTOP_RATE - 1;
  assert_next (fixture, NULL, NULL);
  fixture->now++;
  assert_next (fixture, "g8", "x");
  assert_next (fixture, NULL, NULL);
}

/* Fills it, group g0 with notification 100 first. */
static void
fill (Fixture *fixture, gboolean answered)
{
  for (guint i = 0; i < CHANNELS_DESKTOP_GROUPS_MAX; i++)
    {
      g_autofree char *group = g_strdup_printf ("g%u", i);

      fixture->now += G_TIME_SPAN_SECOND;
      g_assert_cmpuint (put (fixture, group, "x"), ==, 0);
      assert_next (fixture, group, "x");
      if (answered)
        channels_desktop_board_sent (fixture->board, group, 100 + i);
    }
}

static void
test_board_oldest_makes_room (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("Where too many groups have one, the one shown longest ago is closed");

  fill (fixture, TRUE);
  fixture->now += G_TIME_SPAN_SECOND;
  show (fixture, "g0", 100);

  g_assert_cmpuint (put (fixture, "more", "x"), ==, 101);
  g_assert_null (channels_desktop_board_find (fixture->board, 101));
  g_assert_nonnull (channels_desktop_board_find (fixture->board, 100));
}

static void
test_board_is_bounded (Fixture *fixture, gconstpointer unused)
{
  ChannelsDesktopNotification *notification = g_new0 (ChannelsDesktopNotification, 1);
  guint32 evicted = 77;

  g_test_summary ("Where the desktop answers for none, no more are taken");

  fill (fixture, FALSE);

  g_assert_false (channels_desktop_board_put (fixture->board, "more", notification, &evicted));
  g_assert_cmpuint (evicted, ==, 0);
  g_assert_cmpuint (put (fixture, "g0", "another"), ==, 0);
}

static void
test_board_empties (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("What was closed, could not be shown or is shown by nobody is not on it");

  show (fixture, "a", 5);
  channels_desktop_board_closed (fixture->board, 6);
  channels_desktop_board_closed (fixture->board, 0);
  g_assert_false (channels_desktop_board_is_empty (fixture->board));
  channels_desktop_board_closed (fixture->board, 5);
  g_assert_true (channels_desktop_board_is_empty (fixture->board));

  show (fixture, "b", 0);
  g_assert_true (channels_desktop_board_is_empty (fixture->board));

  show (fixture, "c", 7);
  put (fixture, "d", "x");
  channels_desktop_board_forget_shown (fixture->board);
  g_assert_false (channels_desktop_board_is_empty (fixture->board));
  channels_desktop_board_forget_waiting (fixture->board);
  g_assert_true (channels_desktop_board_is_empty (fixture->board));
}

static void
test_board_forgets_one_under_way (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("One that the desktop has not answered for stays until it has, or cannot");

  put (fixture, "a", "x");
  assert_next (fixture, "a", "x");
  channels_desktop_board_forget_shown (fixture->board);
  channels_desktop_board_forget_waiting (fixture->board);
  g_assert_false (channels_desktop_board_is_empty (fixture->board));

  channels_desktop_board_sent (fixture->board, "a", 0);
  g_assert_true (channels_desktop_board_is_empty (fixture->board));
}

#define add(path, test) g_test_add ("/board/" path, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("last-word", test_board_keeps_the_last_word);
  add ("interval", test_board_group_interval);
  add ("rate", test_board_rate);
  add ("oldest-makes-room", test_board_oldest_makes_room);
  add ("bounded", test_board_is_bounded);
  add ("empties", test_board_empties);
  add ("under-way", test_board_forgets_one_under_way);

  return g_test_run ();
}
