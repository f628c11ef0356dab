/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-writer.h"

#include <gio/gfiledescriptorbased.h>
#include <glib-unix.h>
#include <limits.h>

/**
 * ChannelsCtlWriter:
 *
 * What waits to be written to a reader that may be slow, oldest first.
 *
 * The main loop must go on while a pipe is full: it is where signals are heard. So nothing here
 * blocks: a pipe that can be written takes PIPE_BUF bytes at once, and no more than that is written
 * each time. What waits is bounded by the budget.
 */
struct _ChannelsCtlWriter
{
  GOutputStream *stream; /* (owned) */
  GQueue lines;          /* (element-type GBytes) (owned) oldest first */
  gsize offset;          /* bytes of the oldest line that are written already */
  gsize backlog;         /* bytes that wait */
  gsize budget;          /* bytes, > 0 */
  GSource *writable;     /* (owned) (nullable): waits until more can be written */
  GSource *hangup;       /* (owned) (nullable): waits for the reader to go */
  gboolean broken;       /* @failed was called */
  ChannelsCtlWriterFunc failed;
  gpointer user_data;
};

static void
clear_source (GSource **source)
{
  if (*source == NULL)
    return;

  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
fail (ChannelsCtlWriter *self, const GError *error)
{
  if (self->broken)
    return;

  self->broken = TRUE;
  clear_source (&self->writable);
  clear_source (&self->hangup);
  self->failed (error, self->user_data);
}

static gssize
write_some (ChannelsCtlWriter *self, GBytes *line, GError **error)
{
  gsize size;
  const char *data = g_bytes_get_data (line, &size);

  data += self->offset;
  size = MIN (size - self->offset, PIPE_BUF);

  /* A file is always ready, and its writes do not wait for anybody. */
  if (G_IS_POLLABLE_OUTPUT_STREAM (self->stream) &&
      g_pollable_output_stream_can_poll (G_POLLABLE_OUTPUT_STREAM (self->stream)))
    return g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (self->stream),
                                                       data, size, NULL, error);

  return g_output_stream_write (self->stream, data, size, NULL, error);
}

static void flush (ChannelsCtlWriter *self);

static gboolean
writable_cb (GPollableOutputStream *stream, gpointer user_data)
{
  ChannelsCtlWriter *self = user_data;

  clear_source (&self->writable);
  flush (self);

  return G_SOURCE_REMOVE;
}

static void
wait_until_writable (ChannelsCtlWriter *self)
{
  if (self->writable != NULL)
    return;

  self->writable =
      g_pollable_output_stream_create_source (G_POLLABLE_OUTPUT_STREAM (self->stream), NULL);
  g_source_set_static_name (self->writable, "channels-ctl-writer writable");
  g_source_set_callback (self->writable, G_SOURCE_FUNC (writable_cb), self, NULL);
  g_source_attach (self->writable, g_main_context_get_thread_default ());
}

static void
flush (ChannelsCtlWriter *self)
{
  while (!g_queue_is_empty (&self->lines))
    {
      GBytes *line = g_queue_peek_head (&self->lines);
      g_autoptr (GError) error = NULL;
      gssize written = write_some (self, line, &error);

      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          wait_until_writable (self);
          return;
        }
      if (written < 0)
        {
          fail (self, error);
          return;
        }

      self->offset += written;
      self->backlog -= written;
      if (self->offset == g_bytes_get_size (line))
        {
          g_bytes_unref (g_queue_pop_head (&self->lines));
          self->offset = 0;
        }
    }
}

static gboolean
hangup_cb (int fd, GIOCondition condition, gpointer user_data)
{
  ChannelsCtlWriter *self = user_data;
  g_autoptr (GError) error =
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE, "nobody reads any more");

  fail (self, error);

  return G_SOURCE_REMOVE;
}

static void
watch_hangup (ChannelsCtlWriter *self)
{
  if (!G_IS_FILE_DESCRIPTOR_BASED (self->stream))
    return;

  self->hangup = g_unix_fd_source_new (
      g_file_descriptor_based_get_fd (G_FILE_DESCRIPTOR_BASED (self->stream)), G_IO_ERR | G_IO_HUP);
  g_source_set_static_name (self->hangup, "channels-ctl-writer hangup");
  g_source_set_callback (self->hangup, G_SOURCE_FUNC (hangup_cb), self, NULL);
  g_source_attach (self->hangup, g_main_context_get_thread_default ());
}

/**
 * channels_ctl_writer_new:
 * @stream: where to write
 * @budget: bytes that may wait, > 0
 * @failed: called once when nothing can be written any more, also out of channels_ctl_writer_push()
 * @user_data: for @failed
 *
 * Watches @stream from the thread-default main context: a reader that goes is noticed even while
 * there is nothing to write.
 *
 * Returns: (transfer full): a writer with nothing to write
 */
ChannelsCtlWriter *
channels_ctl_writer_new (GOutputStream *stream,
                         gsize budget,
                         ChannelsCtlWriterFunc failed,
                         gpointer user_data)
{
  ChannelsCtlWriter *self;

  g_return_val_if_fail (G_IS_OUTPUT_STREAM (stream), NULL);
  g_return_val_if_fail (budget > 0, NULL);
  g_return_val_if_fail (failed != NULL, NULL);

  self = g_new0 (ChannelsCtlWriter, 1);
  self->stream = g_object_ref (stream);
  self->budget = budget;
  self->failed = failed;
  self->user_data = user_data;
  g_queue_init (&self->lines);
  watch_hangup (self);

  return self;
}

/**
 * channels_ctl_writer_free:
 * @self: (transfer full): a writer
 *
 * Forgets what was not written yet.
 */
void
channels_ctl_writer_free (ChannelsCtlWriter *self)
{
  clear_source (&self->writable);
  clear_source (&self->hangup);
  g_queue_clear_full (&self->lines, (GDestroyNotify) g_bytes_unref);
  g_clear_object (&self->stream);
  g_free (self);
}

/**
 * channels_ctl_writer_push:
 * @self: a writer
 * @text: what to write, not empty
 *
 * Writes a text as soon as its reader takes it, after those that wait already. Past the budget the
 * writer fails: to leave out some lines would be to lie by omission. After a failure it does
 * nothing.
 */
void
channels_ctl_writer_push (ChannelsCtlWriter *self, const char *text)
{
  gsize size;

  g_return_if_fail (self != NULL);
  g_return_if_fail (text != NULL && *text != '\0');

  if (self->broken)
    return;

  size = strlen (text);
  if (size > self->budget - self->backlog)
    {
      g_autoptr (GError) error =
          g_error_new (G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                       "%" G_GSIZE_FORMAT " bytes wait for a reader already", self->backlog);

      fail (self, error);
      return;
    }

  g_queue_push_tail (&self->lines, g_bytes_new (text, size));
  self->backlog += size;
  if (self->writable == NULL)
    flush (self);
}
