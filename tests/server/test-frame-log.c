/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-frame-log.h"

#include <glib/gstdio.h>
#include <malloc.h>
#include <sys/socket.h>

/* What may wait for the socket: all but what is begun, in one of the tests. */
#define BUDGET_BYTES 100
#define BUDGET_EVENTS 10

typedef struct
{
  ChannelsFrameLog log;
  ChannelsPoller *poller; /* (owned) */
  ChannelsSocket *socket; /* (owned): takes nothing by itself */
  int fd;                 /* (owned): the other end */
} Fixture;

static void
ignore (ChannelsSocket *socket, gpointer user_data)
{
}

static void
on_failed (ChannelsSocket *socket, ChannelsSocketFailure failure, gpointer owner)
{
}

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  static const ChannelsSocketEvents events = { .ended = ignore, .failed = on_failed };
  static const ChannelsOutboxBudget budget = { .bytes = BUDGET_BYTES, .events = BUDGET_EVENTS };
  g_autoptr (GError) error = NULL;
  int fds[2];

  channels_frame_log_init (&fixture->log);
  fixture->poller = channels_poller_new (&error);
  g_assert_no_error (error);
  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds));
  fixture->fd = fds[1];
  fixture->socket = channels_socket_new (fixture->poller, fds[0], NULL, &budget, ignore, NULL);
  channels_socket_set_owner (fixture->socket, &events, NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  channels_frame_log_clear (&fixture->log);
  channels_socket_abort (fixture->socket);
  g_assert_finalize_object (fixture->socket);
  g_assert_finalize_object (fixture->poller);
  g_close (fixture->fd, NULL);
}

static void
append (Fixture *fixture, const char *frame)
{
  g_byte_array_append (fixture->log.frames, (const guint8 *) frame, strlen (frame));
  channels_frame_log_end_event (&fixture->log);
}

static void
assert_peek (Fixture *fixture, guint32 from, guint32 to, const char *expected)
{
  gsize size;
  const guint8 *data = channels_frame_log_peek (&fixture->log, from, to, &size);

  g_assert_cmpmem (data, size, expected, strlen (expected));
}

/* What the socket's peer reads, all of it. */
static void
assert_read (Fixture *fixture, const char *expected)
{
  char buffer[1024];
  gssize size = recv (fixture->fd, buffer, sizeof buffer, 0);

  g_assert_cmpmem (buffer, MAX (size, 0), expected, strlen (expected));
}

static void
test_frame_log_peeks (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("The frames of events side by side are one piece, whichever they are");

  append (fixture, "one");
  append (fixture, "two");
  append (fixture, "three");

  g_assert_cmpuint (channels_frame_log_get_next (&fixture->log), ==, 3);
  g_assert_cmpuint (channels_frame_log_count (&fixture->log), ==, 3);
  g_assert_cmpuint (channels_frame_log_get_size (&fixture->log), ==, 11);
  assert_peek (fixture, 0, 3, "onetwothree");
  assert_peek (fixture, 1, 2, "two");
  assert_peek (fixture, 2, 2, "");
}

static void
test_frame_log_limits (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("So many events as are within both bounds, but always one");

  append (fixture, "12345");
  append (fixture, "12345");
  append (fixture, "12345");
  append (fixture, "12345");

  g_assert_cmpuint (channels_frame_log_limit (&fixture->log, 0, 9, 20), ==, 4);
  g_assert_cmpuint (channels_frame_log_limit (&fixture->log, 0, 3, 20), ==, 3);
  g_assert_cmpuint (channels_frame_log_limit (&fixture->log, 0, 9, 19), ==, 3);
  g_assert_cmpuint (channels_frame_log_limit (&fixture->log, 0, 9, 15), ==, 3);
  g_assert_cmpuint (channels_frame_log_limit (&fixture->log, 1, 9, 10), ==, 3);
  g_assert_cmpuint (channels_frame_log_limit (&fixture->log, 1, 9, 14), ==, 3);
  g_assert_cmpuint (channels_frame_log_limit (&fixture->log, 0, 9, 4), ==, 1);
  g_assert_cmpuint (channels_frame_log_limit (&fixture->log, 3, 9, 0), ==, 4);
}

static void
test_frame_log_trims (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("What is trimmed is counted no more, and its memory is used again in the end");

  append (fixture, "12345");
  append (fixture, "abc");
  append (fixture, "x");

  channels_frame_log_trim (&fixture->log, 0);
  g_assert_cmpuint (channels_frame_log_count (&fixture->log), ==, 3);
  channels_frame_log_trim (&fixture->log, 1);
  g_assert_cmpuint (channels_frame_log_count (&fixture->log), ==, 2);
  g_assert_cmpuint (channels_frame_log_get_size (&fixture->log), ==, 4);
  g_assert_cmpuint (fixture->log.frames->len, ==, 4);
  append (fixture, "12345");
  channels_frame_log_trim (&fixture->log, 2);
  g_assert_cmpuint (channels_frame_log_get_size (&fixture->log), ==, 6);
  assert_peek (fixture, 2, 4, "x12345");
  channels_frame_log_trim (&fixture->log, 4);
  g_assert_cmpuint (channels_frame_log_count (&fixture->log), ==, 0);
  g_assert_cmpuint (fixture->log.frames->len, ==, 0);
  append (fixture, "y");
  assert_peek (fixture, 4, 5, "y");
}

static void
test_frame_log_counts_beyond_32_bits (Fixture *fixture, gconstpointer unused)
{
  ChannelsFrameLog *log = &fixture->log;

  g_test_summary ("Numbers of events wrap round, and nothing else does");

  log->base = log->first = log->copied = G_MAXUINT32;
  append (fixture, "one");
  append (fixture, "two");
  append (fixture, "three");

  g_assert_cmpuint (channels_frame_log_get_next (log), ==, 2);
  g_assert_cmpuint (channels_frame_log_count (log), ==, 3);
  assert_peek (fixture, G_MAXUINT32, 2, "onetwothree");
  g_assert_cmpuint (channels_frame_log_limit (log, G_MAXUINT32, 2, 100), ==, 1);
  channels_frame_log_push (log, fixture->socket, G_MAXUINT32, 2, 4);
  assert_read (fixture, "wothree");
  channels_frame_log_trim (log, 1);
  assert_peek (fixture, 1, 2, "three");
}

static void
test_frame_log_pushes_the_rest (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("Who is slow gets what the kernel has not taken, wherever that begins");

  append (fixture, "one");
  append (fixture, "two");
  append (fixture, "three");

  channels_frame_log_push (&fixture->log, fixture->socket, 0, 3, 0);
  assert_read (fixture, "onetwothree");
  channels_frame_log_push (&fixture->log, fixture->socket, 0, 3, 3);
  assert_read (fixture, "twothree");
  channels_frame_log_push (&fixture->log, fixture->socket, 0, 3, 5);
  assert_read (fixture, "othree");
  channels_frame_log_push (&fixture->log, fixture->socket, 1, 2, 1);
  assert_read (fixture, "wo");
}

static void
test_frame_log_copies_each_byte_once (Fixture *fixture, gconstpointer unused)
{
  ChannelsFrameLog *log = &fixture->log;

  g_test_summary ("All slow ones share the same copies, whenever they were found to be slow");

  append (fixture, "one");
  append (fixture, "two");
  channels_frame_log_push (log, fixture->socket, 1, 2, 0);
  channels_frame_log_push (log, fixture->socket, 0, 2, 0);
  g_assert_cmpuint (log->copies.length, ==, 1);
  append (fixture, "three");
  channels_frame_log_push (log, fixture->socket, 0, 3, 0);
  channels_frame_log_push (log, fixture->socket, 1, 3, 2);
  g_assert_cmpuint (log->copies.length, ==, 2);
  assert_read (fixture, "twoonetwoonetwothreeothree");

  channels_frame_log_trim (log, 1);
  g_assert_cmpuint (log->copies.length, ==, 2);
  channels_frame_log_trim (log, 2);
  g_assert_cmpuint (log->copies.length, ==, 1);
  channels_frame_log_push (log, fixture->socket, 2, 3, 0);
  channels_frame_log_trim (log, 3);
  g_assert_cmpuint (log->copies.length, ==, 0);
  append (fixture, "four");
  append (fixture, "five");
  channels_frame_log_trim (log, 4);
  channels_frame_log_push (log, fixture->socket, 4, 5, 0);
  assert_read (fixture, "threefive");
}

/* Nothing more goes into the kernel, and @size bytes wait. */
static void
block (Fixture *fixture, gsize size)
{
  g_autofree char *ballast = g_strnfill (size, 'b');
  g_autoptr (GBytes) bytes = g_bytes_new (ballast, size);
  char filler[4096] = { 0 };

  while (send (channels_socket_get_straight (fixture->socket), filler, sizeof filler,
               MSG_DONTWAIT) > 0)
    ;
  channels_socket_push (fixture->socket, bytes, 1);
}

/* All that waits comes now, and these bytes are its last. */
static void
assert_ends_with (Fixture *fixture, const char *end)
{
  g_autoptr (GByteArray) read = g_byte_array_new ();
  guint8 buffer[4096];
  gssize size = 1;

  while (size > 0)
    {
      g_main_context_iteration (NULL, FALSE);
      size = recv (fixture->fd, buffer, sizeof buffer, 0);
      g_byte_array_append (read, buffer, MAX (size, 0));
    }

  g_assert_cmpmem (read->data + read->len - strlen (end), strlen (end), end, strlen (end));
}

static void
test_frame_log_ends_what_is_begun (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *large = g_strnfill (BUDGET_BYTES, 'x');

  g_test_summary ("Of an event that is begun the rest waits, even where the next one is too much");

  block (fixture, BUDGET_BYTES - 2);
  append (fixture, "one");
  append (fixture, large);

  channels_frame_log_push (&fixture->log, fixture->socket, 0, 2, 1);
  g_assert_cmpuint (channels_socket_get_backlog (fixture->socket), ==, BUDGET_BYTES);
  g_assert_false (channels_socket_is_open (fixture->socket));
  assert_ends_with (fixture, "bne");
}

static void
test_frame_log_leaves_no_hole (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *large = g_strnfill (BUDGET_BYTES, 'x');

  g_test_summary ("Behind an event that is too much nothing waits, even where it would fit");

  block (fixture, 5);
  append (fixture, large);
  append (fixture, "small");

  channels_frame_log_push (&fixture->log, fixture->socket, 0, 1, 0);
  channels_frame_log_push (&fixture->log, fixture->socket, 1, 2, 0);
  g_assert_false (channels_socket_is_open (fixture->socket));
  assert_ends_with (fixture, "bbbbb");
}

static void
test_frame_log_copies_in_pieces (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *frame = g_strnfill (100 * 1024, 'x');
  const ChannelsFrameLog *log = &fixture->log;

  g_test_summary (
      "Who waits for little keeps little: no copy goes further than need be, or is large");

  for (guint i = 0; i < 10; i++)
    append (fixture, frame);
  block (fixture, 1);
  channels_frame_log_push (&fixture->log, fixture->socket, 0, 1, 100 * 1024 - 1);
  g_assert_cmpuint (log->copies.length, ==, 1);
  g_assert_cmpuint (log->copied, ==, 1);
  channels_frame_log_push (&fixture->log, fixture->socket, 0, 5, 100 * 1024 - 1);
  g_assert_cmpuint (log->copies.length, ==, 3);
  g_assert_cmpuint (log->copied, ==, 5);
}

static void
test_frame_log_lets_go_of_much (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *large = g_strnfill (300 * 1024, 'x');
  const GByteArray *before = fixture->log.frames;

  g_test_summary ("An empty log keeps little memory");

  append (fixture, "x");
  channels_frame_log_trim (&fixture->log, 1);
  g_assert_true (fixture->log.frames == before);
  append (fixture, large);
  channels_frame_log_trim (&fixture->log, 2);
  g_assert_cmpuint (fixture->log.frames->len, ==, 0);
  append (fixture, "y");
  assert_peek (fixture, 2, 3, "y");

  /* In the end little of it was in use. */
  append (fixture, large);
  append (fixture, "z");
  channels_frame_log_trim (&fixture->log, 4);
  channels_frame_log_trim (&fixture->log, 5);
  g_assert_cmpuint (malloc_usable_size (fixture->log.frames->data), ==, 0);
}

static void
add (const char *path, void (*test) (Fixture *fixture, gconstpointer unused))
{
  g_autofree char *full = g_strconcat ("/frame-log/", path, NULL);

  g_test_add (full, Fixture, NULL, set_up, test, tear_down);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("peek", test_frame_log_peeks);
  add ("limit", test_frame_log_limits);
  add ("trim", test_frame_log_trims);
  add ("wrap", test_frame_log_counts_beyond_32_bits);
  add ("push/rest", test_frame_log_pushes_the_rest);
  add ("push/once", test_frame_log_copies_each_byte_once);
  add ("push/hole", test_frame_log_leaves_no_hole);
  add ("push/pieces", test_frame_log_copies_in_pieces);
  add ("push/begun", test_frame_log_ends_what_is_begun);
  add ("memory", test_frame_log_lets_go_of_much);

  return g_test_run ();
}
