/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-outbox.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sys/socket.h>

/* Entries that one system call takes: more are written in several. */
#define MANY 1000

static const ChannelsOutboxBudget no_bound = { .bytes = G_MAXSIZE / 4, .events = G_MAXINT };

typedef struct
{
  int fds[2]; /* (owned): the outbox writes to the first, the test reads from the second */
  ChannelsOutbox outbox;
  GByteArray *pushed; /* (owned): all bytes that were pushed */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  int smallest = 1;

  g_assert_no_errno (
      socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fixture->fds));
  g_assert_no_errno (
      setsockopt (fixture->fds[0], SOL_SOCKET, SO_SNDBUF, &smallest, sizeof smallest));
  fixture->pushed = g_byte_array_new ();
  channels_outbox_init (&fixture->outbox, &no_bound);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  channels_outbox_clear (&fixture->outbox);
  g_close (fixture->fds[0], NULL);
  if (fixture->fds[1] >= 0)
    g_close (fixture->fds[1], NULL);
  g_byte_array_unref (fixture->pushed);
}

/* Pushes so many bytes, of which no two neighbours are the same. */
static void
push (Fixture *fixture, gsize size, guint events)
{
  g_autoptr (GBytes) frames = NULL;
  guint8 *bytes = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    bytes[i] = (fixture->pushed->len + i) % 251;
  g_byte_array_append (fixture->pushed, bytes, size);

  frames = g_bytes_new_take (bytes, size);
  g_assert_true (channels_outbox_push (&fixture->outbox, frames, events));
}

static ChannelsOutboxResult
write_some (Fixture *fixture)
{
  /* As the poller's edge would say. */
  fixture->outbox.blocked = FALSE;

  return channels_outbox_write (&fixture->outbox, fixture->fds[0]);
}

/* Reads what has been written, and says how much that is. */
static gsize
read_into (Fixture *fixture, GByteArray *out)
{
  gsize before = out->len;
  guint8 buffer[4096];
  gssize size;

  while ((size = recv (fixture->fds[1], buffer, sizeof buffer, 0)) > 0)
    g_byte_array_append (out, buffer, size);
  g_assert_cmpint (errno, ==, EAGAIN);

  return out->len - before;
}

static void
assert_waits (Fixture *fixture, gsize backlog, guint events)
{
  g_assert_cmpuint (fixture->outbox.backlog, ==, backlog);
  g_assert_cmpuint (fixture->outbox.events, ==, events);
}

static void
test_outbox_counts_what_waits (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("Bytes and events are counted as they are pushed, frames without an event too");

  assert_waits (fixture, 0, 0);
  push (fixture, 10, 1);
  assert_waits (fixture, 10, 1);
  push (fixture, 1, 0);
  assert_waits (fixture, 11, 1);
  push (fixture, 100, 7);
  assert_waits (fixture, 111, 8);
}

static void
test_outbox_empties_itself (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GByteArray) received = g_byte_array_new ();

  g_test_summary ("What the kernel takes is written in order, and nothing waits after it");

  push (fixture, 10, 1);
  push (fixture, 20, 2);

  g_assert_cmpint (write_some (fixture), ==, CHANNELS_OUTBOX_EMPTY);
  assert_waits (fixture, 0, 0);
  read_into (fixture, received);
  g_assert_cmpmem (received->data, received->len, fixture->pushed->data, fixture->pushed->len);
}

static void
test_outbox_empty_has_nothing_to_write (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("An empty outbox is written without a call to the kernel, even to nobody");

  g_assert_cmpint (channels_outbox_write (&fixture->outbox, -1), ==, CHANNELS_OUTBOX_EMPTY);
}

static void
test_outbox_is_exact_at_every_partial_write (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GByteArray) received = g_byte_array_new ();
  ChannelsOutboxResult result;
  guint turns = 0;

  g_test_summary ("However little the kernel takes at once, order and backlog are exact");

  for (guint i = 0; i < 20; i++)
    push (fixture, 10007, 1);

  do
    {
      result = write_some (fixture);
      read_into (fixture, received);
      g_assert_cmpuint (fixture->outbox.backlog, ==, fixture->pushed->len - received->len);
      /* The one that is partly written waits as well. */
      g_assert_cmpuint (fixture->outbox.events, ==, 20 - received->len / 10007);
      turns++;
    }
  while (result == CHANNELS_OUTBOX_BLOCKED);

  g_assert_cmpint (result, ==, CHANNELS_OUTBOX_EMPTY);
  g_assert_cmpuint (turns, >, 5);
  g_assert_cmpmem (received->data, received->len, fixture->pushed->data, fixture->pushed->len);
}

static void
test_outbox_takes_more_between_partial_writes (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GByteArray) received = g_byte_array_new ();

  g_test_summary ("What is pushed behind a half-written frame stays behind it");

  push (fixture, 50000, 1);
  for (guint i = 0; i < 10; i++)
    {
      write_some (fixture);
      push (fixture, 5, 1);
      read_into (fixture, received);
    }
  while (write_some (fixture) == CHANNELS_OUTBOX_BLOCKED)
    read_into (fixture, received);
  read_into (fixture, received);

  assert_waits (fixture, 0, 0);
  g_assert_cmpmem (received->data, received->len, fixture->pushed->data, fixture->pushed->len);
}

static void
test_outbox_writes_many_small_frames (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GByteArray) received = g_byte_array_new ();

  g_test_summary ("More frames than one system call takes are written, none twice");

  for (guint i = 0; i < MANY; i++)
    push (fixture, 1 + i % 7, 1);
  while (write_some (fixture) == CHANNELS_OUTBOX_BLOCKED)
    read_into (fixture, received);
  read_into (fixture, received);

  assert_waits (fixture, 0, 0);
  g_assert_cmpmem (received->data, received->len, fixture->pushed->data, fixture->pushed->len);
}

static void
test_outbox_blocked_stays_as_it_is (Fixture *fixture, gconstpointer unused)
{
  gsize backlog;

  g_test_summary ("Where the kernel takes nothing, nothing changes, however often it is asked");

  push (fixture, 100000, 1);
  g_assert_cmpint (write_some (fixture), ==, CHANNELS_OUTBOX_BLOCKED);
  backlog = fixture->outbox.backlog;
  g_assert_cmpuint (backlog, <, 100000);

  g_assert_cmpint (write_some (fixture), ==, CHANNELS_OUTBOX_BLOCKED);
  assert_waits (fixture, backlog, 1);
}

static void
test_outbox_notices_a_peer_that_is_gone (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("A peer that has closed is a failure, and no signal; what waits still does");

  push (fixture, 10, 1);
  g_close (g_steal_fd (&fixture->fds[1]), NULL);

  g_assert_cmpint (write_some (fixture), ==, CHANNELS_OUTBOX_FAILED);
  assert_waits (fixture, 10, 1);
}

static void
test_outbox_clears_and_starts_anew (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GByteArray) received = g_byte_array_new ();

  g_test_summary ("A cleared outbox forgets all, the half-written frame too, and can be used on");

  push (fixture, 100000, 3);
  write_some (fixture);
  channels_outbox_clear (&fixture->outbox);
  assert_waits (fixture, 0, 0);

  read_into (fixture, received);
  g_byte_array_set_size (received, 0);
  g_byte_array_set_size (fixture->pushed, 0);
  push (fixture, 10, 1);
  g_assert_cmpint (write_some (fixture), ==, CHANNELS_OUTBOX_EMPTY);
  read_into (fixture, received);
  g_assert_cmpmem (received->data, received->len, fixture->pushed->data, fixture->pushed->len);
}

static void
test_outbox_shares_bytes (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GBytes) frames = g_bytes_new_static ("shared", 6);
  ChannelsOutbox other;

  g_test_summary ("Two outboxes hold the same bytes, each for as long as it needs them");

  channels_outbox_init (&other, &no_bound);
  g_assert_true (channels_outbox_push (&fixture->outbox, frames, 1));
  g_assert_true (channels_outbox_push (&other, frames, 1));
  channels_outbox_clear (&other);

  g_assert_cmpint (write_some (fixture), ==, CHANNELS_OUTBOX_EMPTY);
}

#define add(path, test) g_test_add ("/outbox/" path, Fixture, NULL, set_up, test, tear_down)

static void
test_outbox_keeps_its_budget (Fixture *fixture, gconstpointer unused)
{
  static const ChannelsOutboxBudget budget = { .bytes = 100, .events = 3 };
  g_autoptr (GBytes) huge = g_bytes_new_take (g_malloc0 (1000), 1000);
  g_autoptr (GBytes) fifty = g_bytes_new_take (g_malloc0 (50), 50);
  g_autoptr (GBytes) byte = g_bytes_new_static ("x", 1);
  ChannelsOutbox outbox;

  g_test_summary ("A budget is kept to the byte and the event; what comes first is never too much");

  channels_outbox_init (&outbox, &budget);
  g_assert_true (channels_outbox_push (&outbox, huge, 1));
  g_assert_false (channels_outbox_push (&outbox, byte, 1));
  g_assert_true (channels_outbox_push (&outbox, fifty, 0));
  g_assert_true (channels_outbox_push (&outbox, fifty, 0));
  g_assert_false (channels_outbox_push (&outbox, byte, 0));
  channels_outbox_clear (&outbox);

  g_assert_true (channels_outbox_push (&outbox, fifty, 1));
  g_assert_true (channels_outbox_push (&outbox, fifty, 1));
  g_assert_false (channels_outbox_push (&outbox, byte, 1));
  g_assert_true (channels_outbox_push (&outbox, fifty, 0));
  g_assert_true (channels_outbox_push (&outbox, fifty, 0));
  g_assert_false (channels_outbox_push (&outbox, byte, 0));
  g_assert_cmpuint (outbox.backlog, ==, 200);
  channels_outbox_clear (&outbox);

  g_assert_false (channels_outbox_push (&outbox, byte, 4));
  g_assert_true (channels_outbox_push (&outbox, byte, 3));
  g_assert_false (channels_outbox_push (&outbox, byte, 1));
  channels_outbox_clear (&outbox);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("counts", test_outbox_counts_what_waits);
  add ("empties", test_outbox_empties_itself);
  add ("empty", test_outbox_empty_has_nothing_to_write);
  add ("partial-writes", test_outbox_is_exact_at_every_partial_write);
  add ("push-between-writes", test_outbox_takes_more_between_partial_writes);
  add ("budget", test_outbox_keeps_its_budget);
  add ("many-frames", test_outbox_writes_many_small_frames);
  add ("blocked", test_outbox_blocked_stays_as_it_is);
  add ("peer-gone", test_outbox_notices_a_peer_that_is_gone);
  add ("clear", test_outbox_clears_and_starts_anew);
  add ("shared", test_outbox_shares_bytes);

  return g_test_run ();
}
