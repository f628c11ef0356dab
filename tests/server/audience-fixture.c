/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "audience-fixture.h"

#include "channels-chat-consumer.h"
#include "channels-memory-layer.h"
#include "channels-names.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Bytes of a frame beside the text of its message, while it has a length of two bytes. */
#define FRAME_OVERHEAD (4 + 15)

void
audience_fixture_join (AudienceFixture *fixture, AudienceBrowser *browser)
{
  channels_audience_join (fixture->audience, &browser->seat);
  browser->seated = TRUE;
}

void
audience_fixture_leave (AudienceFixture *fixture, AudienceBrowser *browser)
{
  if (browser->seated)
    channels_audience_leave (fixture->audience, &browser->seat);
  browser->seated = FALSE;
}

static void
on_failed (ChannelsSocket *socket, ChannelsSocketFailure failure, gpointer owner)
{
  AudienceBrowser *browser = owner;

  *(failure == CHANNELS_SOCKET_FAILURE_SLOW ? &browser->slow : &browser->gone) += 1;
}

static void
ignore (ChannelsSocket *socket, gpointer user_data)
{
}

static void
browser_init (AudienceBrowser *browser, AudienceFixture *fixture, int type)
{
  static const ChannelsSocketEvents events = { .ended = ignore, .failed = on_failed };
  static const ChannelsOutboxBudget budget = { .bytes = AUDIENCE_BUDGET_BYTES,
                                               .events = AUDIENCE_BUDGET_EVENTS };
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
browser_clear (AudienceBrowser *browser)
{
  channels_socket_abort (browser->socket);
  g_assert_finalize_object (browser->socket);
  if (browser->fd >= 0)
    g_close (browser->fd, NULL);
}

void
audience_fixture_turn (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

void
audience_fixture_set_up (AudienceFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->poller = channels_poller_new (&error);
  g_assert_no_error (error);
  fixture->layer = channels_memory_layer_new ();
  fixture->hub = channels_hub_new (fixture->layer, "specific.test!");
  fixture->consumer = channels_chat_consumer_new (32);
  fixture->audience =
      channels_audience_new (fixture->hub, fixture->poller, fixture->consumer, AUDIENCE_GROUP);

  for (guint i = 0; i < AUDIENCE_BROWSERS; i++)
    browser_init (&fixture->browsers[i], fixture, GPOINTER_TO_INT (data));
  for (guint i = 0; i < AUDIENCE_BROWSERS - 1; i++)
    audience_fixture_join (fixture, &fixture->browsers[i]);
  audience_fixture_turn ();
}

void
audience_fixture_tear_down (AudienceFixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < AUDIENCE_BROWSERS; i++)
    {
      audience_fixture_leave (fixture, &fixture->browsers[i]);
      browser_clear (&fixture->browsers[i]);
    }

  g_assert_finalize_object (fixture->audience);
  g_assert_finalize_object (fixture->consumer);
  g_assert_finalize_object (fixture->hub);
  g_assert_finalize_object (G_OBJECT (fixture->layer));
  g_assert_finalize_object (fixture->poller);
}

guint
audience_fixture_send (AudienceFixture *fixture, const char *text)
{
  g_autoptr (ChannelsEvent) event = channels_event_new_chat_text (text);

  return channels_hub_send_to_group (fixture->hub, AUDIENCE_GROUP, event, NULL, NULL, NULL);
}

/* Sends an event whose frame has so many bytes. */
void
audience_fixture_send_size (AudienceFixture *fixture, gsize size)
{
  g_autofree char *text = g_strnfill (size - FRAME_OVERHEAD, 'x');

  audience_fixture_send (fixture, text);
}

/* Has the browser read all that is there for it now, at one go if its socket has records. */
void
audience_browser_read (AudienceBrowser *browser, GByteArray *out)
{
  guint8 buffer[65536];
  gssize size = recv (browser->fd, buffer, sizeof buffer, 0);

  if (size > 0)
    g_byte_array_append (out, buffer, size);
  else
    g_assert_cmpint (errno, ==, EAGAIN);
}

/* Bytes that the kernel holds for the browser. */
gsize
audience_browser_count_readable (AudienceBrowser *browser)
{
  int size;

  g_assert_no_errno (ioctl (browser->fd, FIONREAD, &size));

  return size;
}

/* The frames of @texts, as every browser is to get them. */
GByteArray *
audience_fixture_encode (AudienceFixture *fixture, const char *const *texts)
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
void
audience_browser_assert_reads (AudienceFixture *fixture,
                               AudienceBrowser *browser,
                               const char *const *texts)
{
  g_autoptr (GByteArray) expected = audience_fixture_encode (fixture, texts);
  g_autoptr (GByteArray) read = g_byte_array_new ();

  audience_browser_read (browser, read);
  g_assert_cmpmem (read->data, read->len, expected->data, expected->len);
}

/* Sends until something waits for the first browser; the second reads all. Returns what was sent.
 */
gsize
audience_fixture_fill_kernel (AudienceFixture *fixture, GByteArray *second)
{
  gsize sent = 0;

  while (channels_socket_get_backlog (fixture->browsers[0].socket) == 0)
    {
      audience_fixture_send_size (fixture, 1000);
      sent += 1000;
      audience_fixture_turn ();
      audience_browser_read (&fixture->browsers[1], second);
    }

  return sent;
}

void
audience_fixture_add (const char *path,
                      gconstpointer kind,
                      void (*test) (AudienceFixture *fixture, gconstpointer unused))
{
  g_autofree char *full = g_strconcat ("/audience/", path, NULL);

  g_test_add (full, AudienceFixture, kind, audience_fixture_set_up, test,
              audience_fixture_tear_down);
}
