/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "ws-client.h"

#include "channels-test-wait.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define LENGTH_16 126
#define LENGTH_64 127
#define MASKED 0x80

static gboolean
on_readable (int fd, GIOCondition condition, gpointer user_data)
{
  WsClient *self = user_data;
  guint8 buffer[65536];
  gssize size = recv (fd, buffer, sizeof buffer, 0);

  if (size > 0)
    {
      g_byte_array_append (self->received, buffer, size);
      return G_SOURCE_CONTINUE;
    }

  if (size < 0 && errno == EAGAIN)
    return G_SOURCE_CONTINUE;

  self->ended = TRUE;
  self->reset = size < 0;
  self->source = 0;
  return G_SOURCE_REMOVE;
}

/* A client at a connected, non-blocking socket (transfer full), which it reads all the time. */
WsClient *
ws_client_new (int fd)
{
  WsClient *self = g_new0 (WsClient, 1);

  self->fd = fd;
  self->received = g_byte_array_new ();
  ws_client_resume (self);

  return self;
}

/* A client of whoever listens at 127.0.0.1. */
WsClient *
ws_client_connect (guint16 port)
{
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_port = g_htons (port),
                                 .sin_addr.s_addr = g_htonl (INADDR_LOOPBACK) };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_no_errno (fd);
  g_assert_no_errno (connect (fd, (struct sockaddr *) &address, sizeof address));
  g_assert_true (g_unix_set_fd_nonblocking (fd, TRUE, NULL));

  return ws_client_new (fd);
}

void
ws_client_free (WsClient *self)
{
  ws_client_pause (self);
  g_close (self->fd, NULL);
  g_byte_array_unref (self->received);
  g_free (self);
}

/* Reads no more, until it resumes. */
void
ws_client_pause (WsClient *self)
{
  g_clear_handle_id (&self->source, g_source_remove);
}

void
ws_client_resume (WsClient *self)
{
  g_assert_cmpuint (self->source, ==, 0);
  self->source = g_unix_fd_add (self->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, self);
}

/* Sends all of it; the server has read what does not fit into the kernel. */
void
ws_client_send (WsClient *self, gconstpointer data, gsize size)
{
  const guint8 *next = data;

  while (size > 0)
    {
      gssize sent = send (self->fd, next, size, MSG_NOSIGNAL);

      if (sent < 0)
        {
          g_assert_cmpint (errno, ==, EAGAIN);
          g_main_context_iteration (NULL, FALSE);
          continue;
        }

      next += sent;
      size -= sent;
    }
}

void
ws_client_send_string (WsClient *self, const char *text)
{
  ws_client_send (self, text, strlen (text));
}

/* Appends a masked frame that begins with @first. */
void
ws_client_append_frame (GByteArray *out, guint8 first, gconstpointer payload, gsize size)
{
  static const guint8 mask[] = { 0x37, 0xfa, 0x21, 0x3d };
  const guint8 *bytes = payload;
  guint16 size_16 = GUINT16_TO_BE (size);
  guint64 size_64 = GUINT64_TO_BE (size);
  guint8 second = MASKED | (size < LENGTH_16 ? size : size <= G_MAXUINT16 ? LENGTH_16 : LENGTH_64);
  gsize start;

  g_byte_array_append (out, &first, 1);
  g_byte_array_append (out, &second, 1);
  if (second == (MASKED | LENGTH_16))
    g_byte_array_append (out, (guint8 *) &size_16, sizeof size_16);
  else if (second == (MASKED | LENGTH_64))
    g_byte_array_append (out, (guint8 *) &size_64, sizeof size_64);
  g_byte_array_append (out, mask, sizeof mask);

  start = out->len;
  g_byte_array_set_size (out, start + size);
  for (gsize i = 0; i < size; i++)
    out->data[start + i] = bytes[i] ^ mask[i % sizeof mask];
}

void
ws_client_send_frame (WsClient *self, guint8 first, gconstpointer payload, gsize size)
{
  g_autoptr (GByteArray) frame = g_byte_array_new ();

  ws_client_append_frame (frame, first, payload, size);
  ws_client_send (self, frame->data, frame->len);
}

void
ws_client_send_text (WsClient *self, const char *text)
{
  ws_client_send_frame (self, WS_TEXT, text, strlen (text));
}

void
ws_client_send_close (WsClient *self, guint16 code)
{
  guint16 payload = GUINT16_TO_BE (code);

  ws_client_send_frame (self, WS_CLOSE, &payload, sizeof payload);
}

static const guint8 *
find_head_end (WsClient *self)
{
  if (self->received->len == 0)
    return NULL;

  return memmem (self->received->data, self->received->len, "\r\n\r\n", 4);
}

/* Waits for an HTTP head, and takes it, its empty line too. */
char *
ws_client_take_head (WsClient *self)
{
  const guint8 *end;
  gsize size;
  char *head;

  channels_test_wait_until (self->ended || find_head_end (self) != NULL);
  end = find_head_end (self);
  g_assert_nonnull (end);

  size = end - self->received->data + 4;
  head = g_strndup ((const char *) self->received->data, size);
  g_byte_array_remove_range (self->received, 0, size);

  return head;
}

/* Bytes that a frame's head and payload have, or 0 where the head is not here yet. */
static gsize
measure_frame (const WsClient *self, gsize *out_head)
{
  const guint8 *data = self->received->data;
  gsize length = self->received->len;
  guint64 size = 0;
  guint extension;

  if (length < 2)
    return 0;

  g_assert_cmpuint (data[1] & MASKED, ==, 0);
  extension = data[1] == LENGTH_64 ? 8 : data[1] == LENGTH_16 ? 2 : 0;
  if (length < 2 + extension)
    return 0;

  for (guint i = 0; i < extension; i++)
    size = size << 8 | data[2 + i];
  *out_head = 2 + extension;

  return *out_head + (extension > 0 ? size : data[1]);
}

/* Waits for a whole frame, and takes it. */
GBytes *
ws_client_take_frame (WsClient *self, guint8 *out_first)
{
  gsize head = 0;
  gsize size = 0;
  GBytes *payload;

  channels_test_wait_until (
      ((size = measure_frame (self, &head)) > 0 && self->received->len >= size) || self->ended);
  g_assert_cmpuint (size, >, 0);
  g_assert_cmpuint (self->received->len, >=, size);

  *out_first = self->received->data[0];
  payload = g_bytes_new (self->received->data + head, size - head);
  g_byte_array_remove_range (self->received, 0, size);

  return payload;
}

void
ws_client_expect_frame (WsClient *self, guint8 first, gconstpointer payload, gsize size)
{
  guint8 got_first;
  g_autoptr (GBytes) got = ws_client_take_frame (self, &got_first);

  g_assert_cmphex (got_first, ==, first);
  g_assert_cmpmem (g_bytes_get_data (got, NULL), g_bytes_get_size (got), payload, size);
}

void
ws_client_expect_text (WsClient *self, const char *text)
{
  guint8 first;
  g_autoptr (GBytes) got = ws_client_take_frame (self, &first);
  g_autofree char *got_text = g_strndup (g_bytes_get_data (got, NULL), g_bytes_get_size (got));

  g_assert_cmpstr (got_text, ==, text);
  g_assert_cmphex (first, ==, WS_TEXT);
}

void
ws_client_expect_close (WsClient *self, guint16 code)
{
  guint8 first;
  g_autoptr (GBytes) got = ws_client_take_frame (self, &first);
  const guint8 *data = g_bytes_get_data (got, NULL);

  g_assert_cmphex (first, ==, WS_CLOSE);
  g_assert_cmpuint (g_bytes_get_size (got), >=, 2);
  g_assert_cmpuint (data[0] << 8 | data[1], ==, code);
}

/* Waits until the other end has closed, in an orderly way and without another byte. */
void
ws_client_expect_end (WsClient *self)
{
  channels_test_wait_until (self->ended);
  g_assert_cmpuint (self->received->len, ==, 0);
  g_assert_false (self->reset);
}

/* Waits until the other end has cut the connection off, whatever it said before. */
void
ws_client_expect_reset (WsClient *self)
{
  channels_test_wait_until (self->ended);
  g_assert_true (self->reset);
}

/* Both ends of a loopback connection, non-blocking: the server's and the client's. */
void
ws_pair_connect (int *out_ours, int *out_peers)
{
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_addr.s_addr = g_htonl (INADDR_LOOPBACK) };
  socklen_t size = sizeof address;
  int listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  *out_peers = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_no_errno (bind (listener, (struct sockaddr *) &address, size));
  g_assert_no_errno (listen (listener, 1));
  g_assert_no_errno (getsockname (listener, (struct sockaddr *) &address, &size));
  g_assert_no_errno (connect (*out_peers, (struct sockaddr *) &address, size));
  *out_ours = accept4 (listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  g_assert_no_errno (*out_ours);
  g_assert_true (g_unix_set_fd_nonblocking (*out_peers, TRUE, NULL));
  g_close (listener, NULL);
}
