/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-handshake.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>

/* RFC 9110, 15.5.9, and RFC 6585, 5. */
#define STATUS_TIMEOUT 408
#define STATUS_HEAD_TOO_LARGE 431

/**
 * ChannelsHandshake:
 *
 * A connection from accept() until its request's head is here, whole, strict and within its bounds.
 *
 * libsoup gives a peer for ever, 64 KiB and any body; here it has five seconds and 16 KiB, its body
 * is thrown away, and what does not parse strictly is refused before libsoup has seen a byte of it.
 */
struct _ChannelsHandshake
{
  ChannelsPoller *poller; /* (owned) */
  ChannelsWatch watch;
  ChannelsDeadline deadline;
  int fd; /* (owned): -1 once it was stolen */
  guint16 port;
  ChannelsHandshakeBounds bounds;
  GByteArray *received;      /* (owned): the head so far, then what is behind it */
  ChannelsRequestHead *head; /* (owned) (nullable): once it is here */
  gsize body_left;           /* bytes of the body that are still to come */
  ChannelsHandshakeFunc func;
  gpointer user_data; /* (unowned) */
};

static void
end (ChannelsHandshake *self, const ChannelsRequestHead *head, const GError *error)
{
  channels_poller_remove (self->poller, &self->watch);
  channels_deadlines_clear (channels_poller_get_deadlines (self->poller), &self->deadline);

  self->func (self, head, error, self->user_data);
}

static void
end_with_status (ChannelsHandshake *self, guint status, const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (CHANNELS_HTTP_ERROR, status, message);

  end (self, NULL, error);
}

static void
skip_body (ChannelsHandshake *self)
{
  gsize skipped = MIN (self->body_left, self->received->len);

  if (skipped > 0)
    g_byte_array_remove_range (self->received, 0, skipped);
  self->body_left -= skipped;
}

/* Returns FALSE once the handshake has ended, and is gone perhaps. */
static gboolean
take (ChannelsHandshake *self, const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  gssize length;

  g_byte_array_append (self->received, data, size);

  if (self->head == NULL)
    {
      length =
          channels_request_head_find_end ((const char *) self->received->data, self->received->len);
      if (length > (gssize) self->bounds.head ||
          (length < 0 && self->received->len >= self->bounds.head))
        {
          end_with_status (self, STATUS_HEAD_TOO_LARGE, "the request's head is too large");
          return FALSE;
        }
      if (length < 0)
        return TRUE;

      self->head = channels_request_head_parse ((const char *) self->received->data, length,
                                                self->bounds.body, &error);
      if (self->head == NULL)
        {
          end (self, NULL, error);
          return FALSE;
        }

      explicit_bzero (self->received->data, length);
      g_byte_array_remove_range (self->received, 0, length);
      self->body_left = self->head->content_length;
    }

  skip_body (self);
  if (self->body_left > 0)
    return TRUE;

  end (self, self->head, NULL);
  return FALSE;
}

static void
on_watch (ChannelsWatch *watch, guint32 events)
{
  ChannelsHandshake *self = G_STRUCT_MEMBER_P (watch, -G_STRUCT_OFFSET (ChannelsHandshake, watch));
  g_autoptr (ChannelsPoller) poller = g_object_ref (self->poller);
  gsize size;
  guint8 *buffer = channels_poller_get_buffer (poller, &size);
  gssize received;
  gboolean goes_on;

  do
    {
      /* Never more than the head may have, so what is kept is bounded. */
      received = recv (self->fd, buffer, MIN (size, self->bounds.head), MSG_DONTWAIT);
      goes_on = received <= 0 || take (self, buffer, received);
      /* It may have brought a ticket. */
      if (received > 0)
        explicit_bzero (buffer, received);
      if (!goes_on)
        return;
    }
  while (received > 0 || (received < 0 && errno == EINTR));

  if (received == 0 || errno != EAGAIN)
    end (self, NULL, NULL);
}

static void
on_deadline (ChannelsDeadline *deadline, gint64 now)
{
  ChannelsHandshake *self =
      G_STRUCT_MEMBER_P (deadline, -G_STRUCT_OFFSET (ChannelsHandshake, deadline));

  end_with_status (self, STATUS_TIMEOUT, "the request did not come in time");
}

/**
 * channels_handshake_new:
 * @poller: what watches it
 * @fd: (transfer full): a connected, non-blocking socket
 * @port: the port that it was accepted on
 * @bounds: what the peer may ask of us
 * @func: takes the outcome, never before this returns
 * @user_data: (closure): passed to @func
 *
 * Waits for a request's head.
 *
 * Returns: (transfer full): a handshake; it is freed by the callback, or before
 */
ChannelsHandshake *
channels_handshake_new (ChannelsPoller *poller,
                        int fd,
                        guint16 port,
                        const ChannelsHandshakeBounds *bounds,
                        ChannelsHandshakeFunc func,
                        gpointer user_data)
{
  ChannelsHandshake *self = g_new0 (ChannelsHandshake, 1);
  g_autoptr (GError) error = NULL;

  self->poller = g_object_ref (poller);
  self->fd = fd;
  self->port = port;
  self->bounds = *bounds;
  self->received = g_byte_array_new ();
  self->func = func;
  self->user_data = user_data;
  self->watch.func = on_watch;
  self->deadline.func = on_deadline;

  channels_deadlines_set (channels_poller_get_deadlines (poller), &self->deadline,
                          g_get_monotonic_time () + bounds->time);
  /* Where the kernel has no room, the deadline ends it. */
  if (!channels_poller_add (poller, &self->watch, fd, &error))
    g_warning ("%s", error->message);

  return self;
}

/**
 * channels_handshake_get_port:
 * @self: a handshake
 *
 * Returns: the port that it was accepted on
 */
guint16
channels_handshake_get_port (ChannelsHandshake *self)
{
  return self->port;
}

/**
 * channels_handshake_steal_fd:
 * @self: a handshake that has ended
 *
 * Returns: (transfer full): its descriptor
 */
int
channels_handshake_steal_fd (ChannelsHandshake *self)
{
  int fd = self->fd;

  self->fd = -1;

  return fd;
}

/**
 * channels_handshake_get_rest:
 * @self: a handshake that has ended with a head
 *
 * Returns: (transfer full) (nullable): what came behind the request, already
 */
GBytes *
channels_handshake_get_rest (ChannelsHandshake *self)
{
  if (self->received->len == 0)
    return NULL;

  return g_bytes_new (self->received->data, self->received->len);
}

/**
 * channels_handshake_free:
 * @self: (transfer full): a handshake, ended or not
 *
 * Frees it without calling anybody, and closes its descriptor if it is still there.
 */
void
channels_handshake_free (ChannelsHandshake *self)
{
  channels_poller_remove (self->poller, &self->watch);
  channels_deadlines_clear (channels_poller_get_deadlines (self->poller), &self->deadline);
  if (self->fd >= 0)
    g_close (self->fd, NULL);
  g_clear_pointer (&self->head, channels_request_head_free);
  if (self->received->len > 0)
    explicit_bzero (self->received->data, self->received->len);
  g_byte_array_unref (self->received);
  g_object_unref (self->poller);
  g_free (self);
}
