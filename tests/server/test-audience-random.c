/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-audience.h"
#include "channels-chat-consumer.h"
#include "channels-memory-layer.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sys/socket.h>

#define GROUP "chat_room"

/* More browsers than one slice, and what each of them may have waiting. */
#define BROWSERS 450
#define BUDGET_BYTES (1024 * 1024)
#define BUDGET_EVENTS 1024

#define STEPS 4000

/* Events of a burst, which comes seldom: more than go into one write. */
#define BURST 2500
#define SELDOM 50

/* Turns of the loop within which everything comes, where everybody reads. */
#define TURNS_MAX 10000

typedef struct _Fixture Fixture;

typedef struct
{
  Fixture *fixture;       /* (unowned) */
  ChannelsSocket *socket; /* (owned) */
  ChannelsSeat seat;
  gboolean seated;
  gboolean failed;     /* it was too slow, or has gone: it does not come back */
  int fd;              /* (owned): the browser's end; -1 once it has gone */
  GByteArray *read;    /* (owned): what has come, that was not compared yet */
  GByteArray *awaited; /* (owned): what is to come, from there on */
} Browser;

struct _Fixture
{
  ChannelsPoller *poller;     /* (owned) */
  ChannelsLayer *layer;       /* (owned) */
  ChannelsHub *hub;           /* (owned) */
  ChannelsConsumer *consumer; /* (owned) */
  ChannelsAudience *audience; /* (owned) */
  Browser browsers[BROWSERS];
  guint n_seated;
  guint n_sent;
  guint n_asked; /* how often it was asked when the audience is ready */
  guint n_ready; /* and answered */
};

static void
ignore (ChannelsSocket *socket, gpointer user_data)
{
}

static void
leave (Browser *browser)
{
  channels_audience_leave (browser->fixture->audience, &browser->seat);
  browser->seated = FALSE;
  browser->fixture->n_seated--;
}

static void
on_failed (ChannelsSocket *socket, ChannelsSocketFailure failure, gpointer owner)
{
  Browser *browser = owner;

  browser->failed = TRUE;
  if (browser->seated)
    leave (browser);
}

static void
browser_init (Browser *self, Fixture *fixture)
{
  static const ChannelsSocketEvents events = { .ended = ignore, .failed = on_failed };
  static const ChannelsOutboxBudget budget = { .bytes = BUDGET_BYTES, .events = BUDGET_EVENTS };
  int small = 4096 << g_test_rand_int_range (0, 6);
  int fds[2];

  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds));
  g_assert_no_errno (setsockopt (fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small));
  self->fixture = fixture;
  self->fd = fds[1];
  self->socket = channels_socket_new (fixture->poller, fds[0], NULL, &budget, ignore, self);
  channels_socket_set_owner (self->socket, &events, self);
  self->seat = (ChannelsSeat){ .socket = self->socket, .channel = "specific.test!b" };
  self->read = g_byte_array_new ();
  self->awaited = g_byte_array_new ();
}

static void
browser_go (Browser *self)
{
  if (self->fd >= 0)
    g_close (self->fd, NULL);
  self->fd = -1;
}

static void
browser_clear (Browser *self)
{
  channels_socket_abort (self->socket);
  g_assert_finalize_object (self->socket);
  browser_go (self);
  g_byte_array_unref (self->read);
  g_byte_array_unref (self->awaited);
}

/* What it has read is compared, and both sides forget it. */
static void
browser_compare (Browser *self)
{
  gsize size = self->read->len;

  g_assert_cmpuint (size, <=, self->awaited->len);
  g_assert_cmpmem (self->read->data, size, self->awaited->data, size);
  g_byte_array_remove_range (self->awaited, 0, size);
  g_byte_array_set_size (self->read, 0);
}

static gboolean
browser_read (Browser *self, gsize most)
{
  guint8 buffer[65536];
  gssize size = self->fd >= 0 ? recv (self->fd, buffer, MIN (most, sizeof buffer), 0) : 0;

  g_assert_true (size >= 0 || errno == EAGAIN);
  if (size <= 0)
    return FALSE;

  g_byte_array_append (self->read, buffer, size);
  browser_compare (self);
  return TRUE;
}

static void
set_up (Fixture *fixture, gconstpointer unused)
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
    browser_init (&fixture->browsers[i], fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  for (guint i = 0; i < BROWSERS; i++)
    {
      if (fixture->browsers[i].seated)
        leave (&fixture->browsers[i]);
      browser_clear (&fixture->browsers[i]);
    }

  g_assert_finalize_object (fixture->audience);
  g_assert_finalize_object (fixture->consumer);
  g_assert_finalize_object (fixture->hub);
  g_assert_finalize_object (G_OBJECT (fixture->layer));
  g_assert_finalize_object (fixture->poller);
}

static void
join (Fixture *fixture, Browser *browser)
{
  channels_audience_join (fixture->audience, &browser->seat);
  browser->seated = TRUE;
  fixture->n_seated++;
}

/* An event whose text says which it is. */
static ChannelsEvent *
make_event (Fixture *fixture)
{
  g_autofree char *filler = g_strnfill (g_test_rand_int_range (0, 200), 'x');
  g_autofree char *text = g_strdup_printf ("%u %s", fixture->n_sent++, filler);

  return channels_event_new_chat_text (text);
}

static void
send_to_all (Fixture *fixture)
{
  g_autoptr (GByteArray) frame = g_byte_array_new ();
  g_autoptr (ChannelsEvent) event = make_event (fixture);

  channels_consumer_encode (fixture->consumer, event, frame);
  g_assert_cmpuint (channels_hub_send_to_group (fixture->hub, GROUP, event, NULL, NULL, NULL), ==,
                    fixture->n_seated);
  for (guint i = 0; i < BROWSERS; i++)
    {
      if (fixture->browsers[i].seated)
        g_byte_array_append (fixture->browsers[i].awaited, frame->data, frame->len);
    }
}

static void
ready_cb (gpointer user_data)
{
  ((Fixture *) user_data)->n_ready++;
}

static void
send_burst (Fixture *fixture)
{
  for (guint i = 0; i < BURST; i++)
    {
      send_to_all (fixture);
      fixture->n_asked += channels_hub_when_ready (fixture->hub, GROUP, ready_cb, fixture);
    }
}

static void
send_alone (Fixture *fixture, Browser *browser)
{
  g_autoptr (GByteArray) frame = g_byte_array_new ();
  g_autoptr (ChannelsEvent) event = make_event (fixture);
  g_autoptr (GBytes) bytes = NULL;

  channels_consumer_encode (fixture->consumer, event, frame);
  bytes = g_bytes_new (frame->data, frame->len);
  channels_audience_catch_up (fixture->audience, &browser->seat);
  channels_socket_push (browser->socket, bytes, 1);
  g_byte_array_append (browser->awaited, frame->data, frame->len);
}

/* As the loop does before it asks the other sources. */
static void
write_slice (void)
{
  int priority;

  g_assert_true (g_main_context_acquire (NULL));
  g_main_context_prepare (NULL, &priority);
  g_main_context_release (NULL);
}

static void
step (Fixture *fixture)
{
  Browser *browser = &fixture->browsers[g_test_rand_int_range (0, BROWSERS)];

  switch (g_test_rand_int_range (0, 9))
    {
    case 0:
    case 1:
      send_to_all (fixture);
      break;
    case 2:
      if (!browser->seated && !browser->failed)
        join (fixture, browser);
      break;
    case 3:
      if (browser->seated && g_test_rand_int_range (0, 4) == 0)
        leave (browser);
      break;
    case 4:
      if (browser->seated)
        send_alone (fixture, browser);
      break;
    case 5:
      browser_read (browser, g_test_rand_int_range (1, 10000));
      break;
    case 6:
      if (g_test_rand_int_range (0, SELDOM) == 0)
        send_burst (fixture);
      else if (g_test_rand_int_range (0, SELDOM) == 0)
        browser_go (browser);
      break;
    case 7:
      g_main_context_iteration (NULL, FALSE);
      break;
    default:
      write_slice ();
      break;
    }
}

/* Everybody reads what is there: whether that is all that whoever is still here waits for. */
static gboolean
has_all (Fixture *fixture)
{
  gboolean all = TRUE;

  for (guint i = 0; i < BROWSERS; i++)
    {
      Browser *browser = &fixture->browsers[i];

      while (browser_read (browser, G_MAXSIZE))
        ;
      all = all && (browser->awaited->len == 0 || browser->failed || browser->fd < 0);
    }

  return all;
}

static void
test_audience_keeps_order_whatever_happens (Fixture *fixture, gconstpointer unused)
{
  gboolean all;

  g_test_summary ("Whoever joins, leaves, reads, is slow, goes or is written to alone, in whatever "
                  "order: each browser gets what it is to get, once, in order, and no more once it "
                  "has missed something");

  for (guint i = 0; i < BROWSERS / 2; i++)
    join (fixture, &fixture->browsers[i]);
  for (guint i = 0; i < STEPS; i++)
    step (fixture);

  for (guint i = 0; i < TURNS_MAX && !(all = has_all (fixture)); i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_true (all);
  g_assert_cmpuint (fixture->n_ready, ==, fixture->n_asked);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_true (has_all (fixture));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/audience/random", Fixture, NULL, set_up, test_audience_keeps_order_whatever_happens,
              tear_down);

  return g_test_run ();
}
