/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-socket-output.h"

/**
 * ChannelsSocketOutput:
 *
 * The writing half of a #ChannelsSocket, as libsoup sees it: always writable.
 *
 * What libsoup writes is either a small answer or a frame of its own, a pong or a close, and is
 * taken whole: so none of ours can come in the middle of it, and libsoup's own queue, which knows
 * no bound, stays empty. The bound is the socket's.
 */
struct _ChannelsSocketOutput
{
  GOutputStream parent_instance;

  ChannelsSocketOutputFunc func; /* (nullable): until it is shut */
  gpointer user_data;            /* (unowned) */
};

static void pollable_iface_init (GPollableOutputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChannelsSocketOutput,
                               channels_socket_output,
                               G_TYPE_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM,
                                                      pollable_iface_init))

static gboolean
output_is_writable (GPollableOutputStream *stream)
{
  return TRUE;
}

static GSource *
output_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  g_autoptr (GSource) ready = g_timeout_source_new (0);

  return g_pollable_source_new_full (stream, ready, cancellable);
}

static gssize
output_write_nonblocking (GPollableOutputStream *stream,
                          const void *buffer,
                          gsize count,
                          GError **error)
{
  ChannelsSocketOutput *self = CHANNELS_SOCKET_OUTPUT (stream);

  if (self->func == NULL)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE, "the browser is gone");
      return -1;
    }

  if (count > 0)
    self->func (buffer, count, self->user_data);

  return count;
}

static gssize
channels_socket_output_write (GOutputStream *stream,
                              const void *buffer,
                              gsize count,
                              GCancellable *cancellable,
                              GError **error)
{
  return output_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (stream), buffer, count, error);
}

static void
pollable_iface_init (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = output_is_writable;
  iface->create_source = output_create_source;
  iface->write_nonblocking = output_write_nonblocking;
}

static void
channels_socket_output_class_init (ChannelsSocketOutputClass *klass)
{
  G_OUTPUT_STREAM_CLASS (klass)->write_fn = channels_socket_output_write;
}

static void
channels_socket_output_init (ChannelsSocketOutput *self)
{
}

/**
 * channels_socket_output_new:
 * @func: takes what is written
 * @user_data: (closure): passed to @func
 *
 * Returns: (transfer full): a stream
 */
ChannelsSocketOutput *
channels_socket_output_new (ChannelsSocketOutputFunc func, gpointer user_data)
{
  ChannelsSocketOutput *self = g_object_new (CHANNELS_TYPE_SOCKET_OUTPUT, NULL);

  self->func = func;
  self->user_data = user_data;

  return self;
}

/**
 * channels_socket_output_shut:
 * @self: a stream
 *
 * From now on nothing can be written.
 */
void
channels_socket_output_shut (ChannelsSocketOutput *self)
{
  self->func = NULL;
}
