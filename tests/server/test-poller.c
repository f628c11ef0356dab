/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-poller.h"

#include "channels-test-wait.h"

#include <glib/gstdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Watched at once, where so many descriptors may be had. */
#define IDLE_MAX 10000

typedef struct
{
  ChannelsPoller *poller; /* (owned) */
} Fixture;

/* One end of a socket pair that is watched, the other, and what the watch was told. */
typedef struct _Ear Ear;
struct _Ear
{
  ChannelsPoller *poller; /* (unowned) */
  int fds[2];             /* (owned): the first is watched */
  ChannelsWatch watch;
  guint calls;
  guint32 events;   /* of all calls */
  guint call_again; /* how often it still asks for another call when it is called */
  Ear *victim;      /* (unowned) (nullable): whom it removes when it is called */
};

static void
on_ear (ChannelsWatch *watch, guint32 events)
{
  Ear *ear = G_STRUCT_MEMBER_P (watch, -G_STRUCT_OFFSET (Ear, watch));

  ear->calls++;
  ear->events |= events;
  if (ear->call_again > 0)
    {
      ear->call_again--;
      channels_poller_call_again (ear->poller, watch);
    }
  if (ear->victim != NULL)
    channels_poller_remove (ear->poller, &ear->victim->watch);
}

static void
ear_init (Ear *ear, ChannelsPoller *poller)
{
  g_autoptr (GError) error = NULL;

  *ear = (Ear){ .poller = poller, .watch.func = on_ear };
  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ear->fds));
  g_assert_true (channels_poller_add (poller, &ear->watch, ear->fds[0], &error));
  g_assert_no_error (error);
}

static void
ear_clear (Ear *ear)
{
  channels_poller_remove (ear->poller, &ear->watch);
  g_close (ear->fds[0], NULL);
  if (ear->fds[1] >= 0)
    g_close (ear->fds[1], NULL);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Ear, ear_clear)

static void
say (Ear *ear)
{
  g_assert_cmpint (write (ear->fds[1], "x", 1), ==, 1);
}

/* Turns of the loop until it would sleep. */
static void
turn_until_idle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* The calls that come of themselves, since a new socket can be written to, are over. */
static void
forget_calls (Ear *ear)
{
  turn_until_idle ();
  ear->calls = 0;
  ear->events = 0;
}

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  fixture->poller = channels_poller_new (&error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  g_assert_finalize_object (fixture->poller);
}

static void
test_poller_tells_each_edge_once (Fixture *fixture, gconstpointer unused)
{
  g_auto (Ear) ear;

  g_test_summary ("A watch is called once for what comes, though it reads nothing of it");

  ear_init (&ear, fixture->poller);
  turn_until_idle ();
  g_assert_cmpuint (ear.calls, ==, 1);
  g_assert_cmphex (ear.events, ==, EPOLLOUT);
  forget_calls (&ear);

  say (&ear);
  turn_until_idle ();
  g_assert_cmpuint (ear.calls, ==, 1);
  g_assert_cmphex (ear.events & EPOLLIN, ==, EPOLLIN);

  say (&ear);
  turn_until_idle ();
  g_assert_cmpuint (ear.calls, ==, 2);
}

static void
test_poller_tells_of_a_hang_up (Fixture *fixture, gconstpointer unused)
{
  g_auto (Ear) ear;

  g_test_summary ("A peer that closes is told as such");

  ear_init (&ear, fixture->poller);
  forget_calls (&ear);
  g_close (g_steal_fd (&ear.fds[1]), NULL);
  turn_until_idle ();

  g_assert_cmpuint (ear.calls, ==, 1);
  g_assert_cmphex (ear.events & EPOLLRDHUP, ==, EPOLLRDHUP);
}

static void
test_poller_calls_again_once (Fixture *fixture, gconstpointer unused)
{
  g_auto (Ear) ear;

  g_test_summary ("Who asks to be called again is called once, however often it has asked");

  ear_init (&ear, fixture->poller);
  forget_calls (&ear);
  channels_poller_call_again (fixture->poller, &ear.watch);
  channels_poller_call_again (fixture->poller, &ear.watch);
  g_assert_cmpuint (ear.calls, ==, 0);
  turn_until_idle ();

  g_assert_cmpuint (ear.calls, ==, 1);
  g_assert_cmphex (ear.events, ==, 0);
}

static void
test_poller_calls_again_in_the_next_turn (Fixture *fixture, gconstpointer unused)
{
  g_auto (Ear) ear;

  g_test_summary ("Who asks again while it is called waits for the next turn of the loop");

  ear_init (&ear, fixture->poller);
  forget_calls (&ear);
  ear.call_again = 3;
  channels_poller_call_again (fixture->poller, &ear.watch);

  for (guint turn = 1; turn <= 4; turn++)
    {
      g_assert_true (g_main_context_iteration (NULL, FALSE));
      g_assert_cmpuint (ear.calls, ==, turn);
    }
  turn_until_idle ();
  g_assert_cmpuint (ear.calls, ==, 4);
}

static void
test_poller_calls_no_watch_that_was_removed (Fixture *fixture, gconstpointer unused)
{
  g_auto (Ear) ear;

  g_test_summary ("A removed watch is not called for what it asked, nor for what has happened");

  ear_init (&ear, fixture->poller);
  forget_calls (&ear);
  say (&ear);
  channels_poller_call_again (fixture->poller, &ear.watch);
  channels_poller_remove (fixture->poller, &ear.watch);
  channels_poller_call_again (fixture->poller, &ear.watch);
  turn_until_idle ();

  g_assert_cmpuint (ear.calls, ==, 0);
  g_assert_cmpint (ear.watch.fd, ==, -1);
}

static void
test_poller_removes_within_a_batch (Fixture *fixture, gconstpointer unused)
{
  g_auto (Ear) first;
  g_auto (Ear) second;

  g_test_summary ("Of two whose events come together, the first to be called removes the other");

  ear_init (&first, fixture->poller);
  ear_init (&second, fixture->poller);
  forget_calls (&first);
  forget_calls (&second);
  first.victim = &second;
  second.victim = &first;
  say (&first);
  say (&second);
  turn_until_idle ();

  g_assert_cmpuint (first.calls + second.calls, ==, 1);
}

static void
test_poller_removes_among_those_called_again (Fixture *fixture, gconstpointer unused)
{
  g_auto (Ear) first;
  g_auto (Ear) second;

  g_test_summary ("Of two that asked to be called again, the first may remove the second");

  ear_init (&first, fixture->poller);
  ear_init (&second, fixture->poller);
  forget_calls (&first);
  forget_calls (&second);
  first.victim = &second;
  channels_poller_call_again (fixture->poller, &first.watch);
  channels_poller_call_again (fixture->poller, &second.watch);
  turn_until_idle ();

  g_assert_cmpuint (first.calls, ==, 1);
  g_assert_cmpuint (second.calls, ==, 0);
}

static void
test_poller_watch_may_remove_itself (Fixture *fixture, gconstpointer unused)
{
  g_auto (Ear) ear;

  g_test_summary ("A watch may remove itself when it is called, having asked for another call");

  ear_init (&ear, fixture->poller);
  forget_calls (&ear);
  ear.victim = &ear;
  ear.call_again = 1;
  say (&ear);
  turn_until_idle ();

  g_assert_cmpuint (ear.calls, ==, 1);
}

static void
test_poller_refuses_what_cannot_be_watched (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  ChannelsWatch watch = { .func = on_ear };

  g_test_summary ("A descriptor that is none is an error, and not watched");

  g_assert_false (channels_poller_add (fixture->poller, &watch, -1, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_cmpint (watch.fd, ==, -1);
}

/* A flush that counts, and perhaps asks for another. */
typedef struct
{
  ChannelsFlush flush;
  guint calls;
  ChannelsPoller *poller; /* (unowned) (nullable): where it asks for `next` */
  ChannelsFlush *next;    /* (unowned) */
} Tank;

static void
on_tank (ChannelsFlush *flush)
{
  Tank *tank = (Tank *) flush;

  tank->calls++;
  if (tank->poller != NULL)
    channels_poller_flush_later (tank->poller, tank->next);
}

static void
test_poller_flushes_before_it_sleeps (Fixture *fixture, gconstpointer unused)
{
  Tank tank = { .flush.func = on_tank };

  g_test_summary ("What was asked for ten times is flushed once, before the loop would sleep");

  for (guint i = 0; i < 10; i++)
    channels_poller_flush_later (fixture->poller, &tank.flush);
  g_assert_cmpuint (tank.calls, ==, 0);
  /* Nothing is ready: it is not a dispatch that flushes. */
  g_assert_false (g_main_context_iteration (NULL, FALSE));
  g_assert_cmpuint (tank.calls, ==, 1);

  turn_until_idle ();
  g_assert_cmpuint (tank.calls, ==, 1);
  channels_poller_flush_later (fixture->poller, &tank.flush);
  turn_until_idle ();
  g_assert_cmpuint (tank.calls, ==, 2);
}

static void
test_poller_flushes_what_a_flush_asks_for (Fixture *fixture, gconstpointer unused)
{
  Tank second = { .flush.func = on_tank };
  Tank first = { .flush.func = on_tank, .poller = fixture->poller, .next = &second.flush };

  int priority;

  g_test_summary ("A flush that another asks for has the next turn, and the loop does not sleep");

  channels_poller_flush_later (fixture->poller, &first.flush);
  g_assert_true (g_main_context_acquire (NULL));
  g_assert_true (g_main_context_prepare (NULL, &priority));
  g_main_context_release (NULL);
  g_assert_cmpuint (first.calls, ==, 1);
  g_assert_cmpuint (second.calls, ==, 0);

  turn_until_idle ();
  g_assert_cmpuint (first.calls, ==, 1);
  g_assert_cmpuint (second.calls, ==, 1);
}

static void
test_poller_forgets_a_flush (Fixture *fixture, gconstpointer unused)
{
  Tank tank = { .flush.func = on_tank };
  Tank other = { .flush.func = on_tank };

  g_test_summary ("A flush that was forgotten does not happen; its neighbour does");

  channels_poller_flush_later (fixture->poller, &tank.flush);
  channels_poller_flush_later (fixture->poller, &other.flush);
  channels_poller_forget_flush (fixture->poller, &tank.flush);
  channels_poller_forget_flush (fixture->poller, &tank.flush);
  turn_until_idle ();

  g_assert_cmpuint (tank.calls, ==, 0);
  g_assert_cmpuint (other.calls, ==, 1);
}

static guint
count_polled (void)
{
  GMainContext *context = g_main_context_default ();
  int priority;
  int timeout;
  int polled;

  g_assert_true (g_main_context_acquire (context));
  g_main_context_prepare (context, &priority);
  polled = g_main_context_query (context, G_MAXINT, &timeout, NULL, 0);
  g_main_context_check (context, G_MAXINT, NULL, 0);
  g_main_context_release (context);

  return polled;
}

static void
test_poller_idle_watches_cost_nothing (Fixture *fixture, gconstpointer unused)
{
  g_autofree Ear *ears = NULL;
  struct rlimit files;
  guint n_ears;
  guint before;

  g_test_summary ("Ten thousand watched descriptors add none to those that the main loop polls");

  g_assert_no_errno (getrlimit (RLIMIT_NOFILE, &files));
  n_ears = MIN (IDLE_MAX, files.rlim_cur - 100);
  ears = g_new0 (Ear, n_ears);
  before = count_polled ();

  for (guint i = 0; i < n_ears; i++)
    {
      ears[i] = (Ear){ .watch.func = on_ear, .fds = { eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC) } };
      g_assert_true (channels_poller_add (fixture->poller, &ears[i].watch, ears[i].fds[0], NULL));
    }
  turn_until_idle ();

  g_assert_cmpuint (count_polled (), ==, before);
  for (guint i = 0; i < n_ears; i++)
    {
      /* All had their turn, though one turn has not room for all. */
      g_assert_cmpuint (ears[i].calls, ==, 1);
      channels_poller_remove (fixture->poller, &ears[i].watch);
      g_close (ears[i].fds[0], NULL);
    }
}

static void
note_deadline (ChannelsDeadline *deadline, gint64 now)
{
  deadline->due = -1;
}

static void
test_poller_runs_its_deadlines (Fixture *fixture, gconstpointer unused)
{
  ChannelsDeadline deadline = { .func = note_deadline };

  g_test_summary ("Deadlines are called from the loop that the poller is in");

  channels_deadlines_set (channels_poller_get_deadlines (fixture->poller), &deadline,
                          g_get_monotonic_time ());

  channels_test_wait_until (deadline.due == -1);
}

static void
test_poller_parking_is_iterated_by_nobody (Fixture *fixture, gconstpointer unused)
{
  GMainContext *parking = channels_poller_get_parking (fixture->poller);
  gsize size;

  g_test_summary ("The parking context is another than the loop's; the buffer is one for all");

  g_assert_true (parking != g_main_context_default ());
  g_assert_true (parking == channels_poller_get_parking (fixture->poller));
  g_assert_nonnull (channels_poller_get_buffer (fixture->poller, &size));
  g_assert_cmpuint (size, ==, 65536);
}

#define add(path, test) g_test_add ("/poller/" path, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("edges", test_poller_tells_each_edge_once);
  add ("hang-up", test_poller_tells_of_a_hang_up);
  add ("again/once", test_poller_calls_again_once);
  add ("again/next-turn", test_poller_calls_again_in_the_next_turn);
  add ("remove/pending", test_poller_calls_no_watch_that_was_removed);
  add ("remove/batch", test_poller_removes_within_a_batch);
  add ("remove/again", test_poller_removes_among_those_called_again);
  add ("remove/itself", test_poller_watch_may_remove_itself);
  add ("unwatchable", test_poller_refuses_what_cannot_be_watched);
  add ("flush/before-sleep", test_poller_flushes_before_it_sleeps);
  add ("flush/nested", test_poller_flushes_what_a_flush_asks_for);
  add ("flush/forgotten", test_poller_forgets_a_flush);
  add ("idle", test_poller_idle_watches_cost_nothing);
  add ("deadlines", test_poller_runs_its_deadlines);
  add ("parking", test_poller_parking_is_iterated_by_nobody);

  return g_test_run ();
}
