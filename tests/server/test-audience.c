/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-audience.h"

#include "channels-chat-consumer.h"
#include "channels-error.h"
#include "channels-memory-layer.h"
#include "channels-names.h"
#include "ws-client.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define GROUP "chat_room"
#define BROWSERS 3

/* What may wait for one of them: more than the kernel takes from a socket's smallest buffer. */
#define BUDGET_BYTES 20000
#define BUDGET_EVENTS 100

/* Bytes of a frame beside the text of its message, while it has a length of two bytes. */
#define FRAME_OVERHEAD (4 + 15)

/* A browser: its socket and seat here, and its own end. */
typedef struct
{
  ChannelsSocket *socket; /* (owned) (nullable): until it is closed */
  ChannelsSeat seat;
  gboolean seated;
  int fd;     /* (owned): the browser's end; -1 once it is closed */
  guint slow; /* how often it was told to be slow */
  guint gone; /* or gone */
} Browser;

/* What kind of socket pair the browsers have, as @data of a test: records show each write. */
#define STREAMS GINT_TO_POINTER (SOCK_STREAM)
#define RECORDS GINT_TO_POINTER (SOCK_SEQPACKET)

typedef struct
{
  ChannelsPoller *poller;     /* (owned) */
  ChannelsLayer *layer;       /* (owned) */
  ChannelsHub *hub;           /* (owned) */
  ChannelsConsumer *consumer; /* (owned) */
  ChannelsAudience *audience; /* (owned) */
  Browser browsers[BROWSERS]; /* all are seated but the last */
} Fixture;

static void
join (Fixture *fixture, Browser *browser)
{
  channels_audience_join (fixture->audience, &browser->seat);
  browser->seated = TRUE;
}

static void
leave (Fixture *fixture, Browser *browser)
{
  if (browser->seated)
    channels_audience_leave (fixture->audience, &browser->seat);
  browser->seated = FALSE;
}

static void
on_failed (ChannelsSocket *socket, ChannelsSocketFailure failure, gpointer owner)
{
  Browser *browser = owner;

  *(failure == CHANNELS_SOCKET_FAILURE_SLOW ? &browser->slow : &browser->gone) += 1;
}

static void
ignore (ChannelsSocket *socket, gpointer user_data)
{
}

static void
browser_init (Browser *browser, Fixture *fixture, int type)
{
  static const ChannelsSocketEvents events = { .ended = ignore, .failed = on_failed };
  static const ChannelsOutboxBudget budget = { .bytes = BUDGET_BYTES, .events = BUDGET_EVENTS };
  int smallest = 1;
  int fds[2];

  g_assert_no_errno (socketpair (AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds));
  if (type == SOCK_STREAM)
    g_assert_no_errno (setsockopt (fds[0], SOL_SOCKET, SO_SNDBUF, &smallest, sizeof smallest));
  browser->fd = fds[1];
  browser->socket = channels_socket_new (fixture->poller, fds[0], NULL, &budget, ignore, browser);
  channels_socket_set_owner (browser->socket, &events, browser);
  browser->seat = (ChannelsSeat){ .socket = browser->socket, .channel = "specific.test!b" };
}

static void
browser_clear (Browser *browser)
{
  channels_socket_abort (browser->socket);
  g_assert_finalize_object (browser->socket);
  if (browser->fd >= 0)
    g_close (browser->fd, NULL);
}

static void
turn (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->poller = channels_poller_new (&error);
  g_assert_no_error (error);
  fixture->layer = channels_memory_layer_new ();
  fixture->hub = channels_hub_new (fixture->layer, "specific.test!");
  fixture->consumer = channels_chat_consumer_new (32);
  fixture->audience =
      channels_audience_new (fixture->hub, fixture->poller, fixture->consumer, GROUP);

  for (guint i = 0; i < BROWSERS; i++)
    browser_init (&fixture->browsers[i], fixture, GPOINTER_TO_INT (data));
  for (guint i = 0; i < BROWSERS - 1; i++)
    join (fixture, &fixture->browsers[i]);
  turn ();
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < BROWSERS; i++)
    {
      leave (fixture, &fixture->browsers[i]);
      browser_clear (&fixture->browsers[i]);
    }

  g_assert_finalize_object (fixture->audience);
  g_assert_finalize_object (fixture->consumer);
  g_assert_finalize_object (fixture->hub);
  g_assert_finalize_object (G_OBJECT (fixture->layer));
  g_assert_finalize_object (fixture->poller);
}

static guint
send_text (Fixture *fixture, const char *text)
{
  g_autoptr (ChannelsEvent) event = channels_event_new_chat_text (text);

  return channels_hub_send_to_group (fixture->hub, GROUP, event, NULL, NULL, NULL);
}

/* Sends an event whose frame has so many bytes. */
static void
send_frame_of_size (Fixture *fixture, gsize size)
{
  g_autofree char *text = g_strnfill (size - FRAME_OVERHEAD, 'x');

  send_text (fixture, text);
}

/* Has the browser read all that is there for it now, at one go if its socket has records. */
static void
read_some (Browser *browser, GByteArray *out)
{
  guint8 buffer[65536];
  gssize size = recv (browser->fd, buffer, sizeof buffer, 0);

  if (size > 0)
    g_byte_array_append (out, buffer, size);
  else
    g_assert_cmpint (errno, ==, EAGAIN);
}

/* Bytes that the kernel holds for the browser. */
static gsize
count_readable (Browser *browser)
{
  int size;

  g_assert_no_errno (ioctl (browser->fd, FIONREAD, &size));

  return size;
}

/* The frames of @texts, as every browser is to get them. */
static GByteArray *
expected_frames (Fixture *fixture, const char *const *texts)
{
  GByteArray *frames = g_byte_array_new ();

  for (guint i = 0; texts[i] != NULL; i++)
    {
      g_autoptr (ChannelsEvent) event = channels_event_new_chat_text (texts[i]);

      channels_consumer_encode (fixture->consumer, event, frames);
    }

  return frames;
}

/* What the browser reads with one call, or with none where @texts is empty. */
static void
assert_reads (Fixture *fixture, Browser *browser, const char *const *texts)
{
  g_autoptr (GByteArray) expected = expected_frames (fixture, texts);
  g_autoptr (GByteArray) read = g_byte_array_new ();

  read_some (browser, read);
  g_assert_cmpmem (read->data, read->len, expected->data, expected->len);
}

#define TEXTS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define NOTHING ((const char *const[]){ NULL })

static void
test_audience_writes_once_a_turn (Fixture *fixture, gconstpointer unused)
{
  g_test_summary (
      "The frames of one turn of the loop are joined, in order, in one write a browser");

  g_assert_cmpuint (send_text (fixture, "one"), ==, 2);
  send_text (fixture, "two");
  send_text (fixture, "three");
  assert_reads (fixture, &fixture->browsers[0], NOTHING);
  turn ();

  for (guint i = 0; i < 2; i++)
    {
      assert_reads (fixture, &fixture->browsers[i], TEXTS ("one", "two", "three"));
      assert_reads (fixture, &fixture->browsers[i], NOTHING);
    }
  assert_reads (fixture, &fixture->browsers[2], NOTHING);
}

static void
test_audience_writes_a_large_batch_at_once (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("More than 256 KiB of one turn do not wait for its end");

  for (guint i = 0; i < 257; i++)
    {
      g_assert_cmpuint (count_readable (&fixture->browsers[0]), ==, 0);
      send_frame_of_size (fixture, i < 255 ? 1024 : 512);
    }

  g_assert_cmpuint (count_readable (&fixture->browsers[0]), >, 0);
}

static void
test_audience_shows_only_what_has_a_handler (Fixture *fixture, gconstpointer unused)
{
  static const char text[] = "{\"type\": \"news\"}";
  g_autoptr (ChannelsEvent) event = channels_event_new_from_json (text, sizeof text - 1, 32, NULL);

  g_test_summary ("An event that the route has no handler for has no receivers, and no write");

  g_assert_cmpuint (channels_hub_send_to_group (fixture->hub, GROUP, event, NULL, NULL, NULL), ==,
                    0);
  turn ();
  assert_reads (fixture, &fixture->browsers[0], NOTHING);
}

static void
test_audience_gives_who_joins_what_comes (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("Who joins within a turn gets what is sent after it, and nothing from before");

  send_text (fixture, "before");
  join (fixture, &fixture->browsers[2]);
  send_text (fixture, "after");
  turn ();

  assert_reads (fixture, &fixture->browsers[0], TEXTS ("before"));
  assert_reads (fixture, &fixture->browsers[0], TEXTS ("after"));
  assert_reads (fixture, &fixture->browsers[2], TEXTS ("after"));
}

static void
test_audience_gives_who_leaves_what_came (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("Who leaves within a turn gets what was sent before it, and nothing after");

  send_text (fixture, "before");
  leave (fixture, &fixture->browsers[0]);
  send_text (fixture, "after");
  turn ();

  assert_reads (fixture, &fixture->browsers[0], TEXTS ("before"));
  assert_reads (fixture, &fixture->browsers[0], NOTHING);
  assert_reads (fixture, &fixture->browsers[1], TEXTS ("before"));
  assert_reads (fixture, &fixture->browsers[1], TEXTS ("after"));
}

static void
test_audience_is_in_its_group_while_it_has_browsers (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("An audience is in its group from its first browser to its last, in any order");

  g_assert_cmpuint (channels_audience_get_size (fixture->audience), ==, 2);
  leave (fixture, &fixture->browsers[0]);
  g_assert_cmpuint (send_text (fixture, "x"), ==, 1);
  leave (fixture, &fixture->browsers[1]);
  g_assert_cmpuint (send_text (fixture, "x"), ==, 0);
  g_assert_cmpuint (channels_audience_get_size (fixture->audience), ==, 0);
  join (fixture, &fixture->browsers[2]);
  join (fixture, &fixture->browsers[0]);
  g_assert_cmpuint (send_text (fixture, "x"), ==, 2);
}

static void
count_cb (const char *channel, const char *kind, gint64 joined, gpointer user_data)
{
  g_assert_cmpstr (channel, ==, "specific.test!b");
  g_assert_cmpstr (kind, ==, CHANNELS_KIND_WEBSOCKET);
  (*(guint *) user_data)++;
}

static void
test_audience_lists_its_browsers (Fixture *fixture, gconstpointer unused)
{
  ChannelsMember *member = CHANNELS_MEMBER (fixture->audience);
  g_autoptr (GError) error = NULL;
  guint count = 0;

  g_test_summary ("The group's list has each browser; the audience itself cannot be closed");

  channels_hub_list_members (fixture->hub, GROUP, count_cb, &count);

  g_assert_cmpuint (count, ==, 2);
  g_assert_cmpuint (channels_member_get_size (member, GROUP), ==, 2);
  g_assert_false (channels_member_disconnect (member, 1000, NULL, &error));
  g_assert_error (error, CHANNELS_ERROR, CHANNELS_ERROR_NOT_ALLOWED);
}

static void
test_audience_of_another_group_hears_its_own (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ChannelsAudience) other =
      channels_audience_new (fixture->hub, fixture->poller, fixture->consumer, "chat_other");
  g_autoptr (ChannelsEvent) event = channels_event_new_chat_text ("there");

  g_test_summary ("Browsers of two groups get each their own, in the same turn");

  channels_audience_join (other, &fixture->browsers[2].seat);
  send_text (fixture, "here");
  channels_hub_send_to_group (fixture->hub, "chat_other", event, NULL, NULL, NULL);
  turn ();

  assert_reads (fixture, &fixture->browsers[0], TEXTS ("here"));
  assert_reads (fixture, &fixture->browsers[0], NOTHING);
  assert_reads (fixture, &fixture->browsers[2], TEXTS ("there"));
  assert_reads (fixture, &fixture->browsers[2], NOTHING);
  channels_audience_leave (other, &fixture->browsers[2].seat);
}

/* Sends until something waits for the first browser; the second reads all. Returns what was sent.
 */
static gsize
fill_kernel (Fixture *fixture, GByteArray *second)
{
  gsize sent = 0;

  while (channels_socket_get_backlog (fixture->browsers[0].socket) == 0)
    {
      send_frame_of_size (fixture, 1000);
      sent += 1000;
      turn ();
      read_some (&fixture->browsers[1], second);
    }

  return sent;
}

static void
test_audience_knows_exactly_what_waits (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GByteArray) second = g_byte_array_new ();
  Browser *slow = &fixture->browsers[0];
  gsize sent = fill_kernel (fixture, second);

  g_test_summary ("What waits for a browser is what was sent without what the kernel holds for it");

  for (guint i = 0; i < 5; i++)
    {
      g_assert_cmpuint (channels_socket_get_backlog (slow->socket) + count_readable (slow), ==,
                        sent);
      send_frame_of_size (fixture, 200 + i);
      sent += 200 + i;
      turn ();
    }
}

static void
test_audience_keeps_order_over_partial_writes (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GByteArray) expected = NULL;
  g_autoptr (GByteArray) read = g_byte_array_new ();
  Browser *slow = &fixture->browsers[0];

  g_test_summary ("However little the kernel takes at once, each frame comes whole and in order");

  for (guint i = 0; i < BUDGET_EVENTS; i++)
    {
      g_autofree char *filler = g_strnfill (150, 'a' + i % 26);

      g_ptr_array_add (texts, g_strdup_printf ("%u %s", i, filler));
      send_text (fixture, g_ptr_array_index (texts, i));
      if (i % 3 == 0)
        turn ();
      if (i % 7 == 0)
        read_some (slow, read);
    }
  g_ptr_array_add (texts, NULL);
  expected = expected_frames (fixture, (const char *const *) texts->pdata);
  while (read->len < expected->len)
    {
      turn ();
      read_some (slow, read);
    }

  g_assert_cmpuint (slow->slow, ==, 0);
  g_assert_cmpmem (read->data, read->len, expected->data, expected->len);
}

static void
test_audience_takes_a_budget_to_the_last_byte (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GByteArray) second = g_byte_array_new ();
  Browser *slow = &fixture->browsers[0];

  g_test_summary ("As much may wait as the budget says, and an event of one byte more is too much");

  fill_kernel (fixture, second);
  send_frame_of_size (fixture, BUDGET_BYTES - channels_socket_get_backlog (slow->socket));
  turn ();
  g_assert_cmpuint (slow->slow, ==, 0);
  g_assert_cmpuint (channels_socket_get_backlog (slow->socket), ==, BUDGET_BYTES);

  send_text (fixture, "");
  turn ();
  g_assert_cmpuint (slow->slow, ==, 1);
  g_assert_cmpuint (channels_socket_get_backlog (slow->socket), ==, BUDGET_BYTES);
}

static void
test_audience_refuses_one_byte_past_a_budget (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GByteArray) second = g_byte_array_new ();
  Browser *slow = &fixture->browsers[0];
  gsize backlog;

  g_test_summary ("An event that takes the backlog one byte past its budget is not queued at all");

  fill_kernel (fixture, second);
  backlog = channels_socket_get_backlog (slow->socket);
  send_frame_of_size (fixture, BUDGET_BYTES - backlog + 1);
  turn ();

  g_assert_cmpuint (slow->slow, ==, 1);
  g_assert_cmpuint (channels_socket_get_backlog (slow->socket), ==, backlog);
}

static void
test_audience_counts_the_events_that_wait (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GByteArray) second = g_byte_array_new ();
  Browser *slow = &fixture->browsers[0];

  g_test_summary ("As many events may wait as the budget says, the half-written one too, no more");

  fill_kernel (fixture, second);
  for (guint i = 1; i < BUDGET_EVENTS; i++)
    {
      send_text (fixture, "");
      turn ();
    }
  g_assert_cmpuint (slow->slow, ==, 0);

  send_text (fixture, "");
  turn ();
  g_assert_cmpuint (slow->slow, ==, 1);
}

static void
test_audience_lets_nobody_wait_for_the_slow (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GByteArray) second = g_byte_array_new ();
  gsize sent = fill_kernel (fixture, second);

  g_test_summary ("While one browser is far past its budget the others get everything");

  for (guint i = 0; i < 100; i++)
    {
      send_frame_of_size (fixture, 1000);
      sent += 1000;
      turn ();
      read_some (&fixture->browsers[1], second);
    }

  g_assert_cmpuint (fixture->browsers[0].slow, ==, 1);
  g_assert_cmpuint (fixture->browsers[1].slow, ==, 0);
  g_assert_cmpuint (second->len, ==, sent);
}

static void
test_audience_always_has_room_for_one (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GByteArray) read = g_byte_array_new ();
  gsize size = 3 * BUDGET_BYTES;

  g_test_summary ("An event that finds nothing in front of it is never too much");

  send_frame_of_size (fixture, size);
  do
    {
      turn ();
      read_some (&fixture->browsers[0], read);
    }
  while (read->len < size);

  g_assert_cmpuint (fixture->browsers[0].slow, ==, 0);
}

static void
test_audience_does_without_who_is_gone (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("A browser that has closed is told to be gone, once; the others get everything");

  g_close (g_steal_fd (&fixture->browsers[0].fd), NULL);
  send_text (fixture, "one");
  turn ();
  send_text (fixture, "two");
  turn ();

  g_assert_cmpuint (fixture->browsers[0].gone, ==, 1);
  assert_reads (fixture, &fixture->browsers[1], TEXTS ("one", "two"));
}

static void
test_audience_does_without_who_goes_in_mid_write (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GByteArray) second = g_byte_array_new ();

  g_test_summary ("A browser that closes while something waits for it is gone, not slow");

  fill_kernel (fixture, second);
  g_close (g_steal_fd (&fixture->browsers[0].fd), NULL);
  turn ();
  send_text (fixture, "one");
  turn ();

  g_assert_cmpuint (fixture->browsers[0].gone, ==, 1);
  g_assert_cmpuint (fixture->browsers[0].slow, ==, 0);
  g_assert_cmpuint (channels_socket_get_backlog (fixture->browsers[0].socket), ==, 0);
  assert_reads (fixture, &fixture->browsers[1], TEXTS ("one"));
}

static void
add (const char *path, gconstpointer kind, void (*test) (Fixture *fixture, gconstpointer unused))
{
  g_autofree char *full = g_strconcat ("/audience/", path, NULL);

  g_test_add (full, Fixture, kind, set_up, test, tear_down);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("writes/once", RECORDS, test_audience_writes_once_a_turn);
  add ("writes/large", STREAMS, test_audience_writes_a_large_batch_at_once);
  add ("writes/handled", RECORDS, test_audience_shows_only_what_has_a_handler);
  add ("join", RECORDS, test_audience_gives_who_joins_what_comes);
  add ("leave", RECORDS, test_audience_gives_who_leaves_what_came);
  add ("group", RECORDS, test_audience_is_in_its_group_while_it_has_browsers);
  add ("list", RECORDS, test_audience_lists_its_browsers);
  add ("groups", RECORDS, test_audience_of_another_group_hears_its_own);
  add ("slow/exact", STREAMS, test_audience_knows_exactly_what_waits);
  add ("slow/order", STREAMS, test_audience_keeps_order_over_partial_writes);
  add ("slow/budget", STREAMS, test_audience_takes_a_budget_to_the_last_byte);
  add ("slow/past-budget", STREAMS, test_audience_refuses_one_byte_past_a_budget);
  add ("slow/events", STREAMS, test_audience_counts_the_events_that_wait);
  add ("slow/others", STREAMS, test_audience_lets_nobody_wait_for_the_slow);
  add ("slow/one", STREAMS, test_audience_always_has_room_for_one);
  add ("gone/before", STREAMS, test_audience_does_without_who_is_gone);
  add ("gone/in-mid-write", STREAMS, test_audience_does_without_who_goes_in_mid_write);

  return g_test_run ();
}
