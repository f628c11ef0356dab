/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-writer.h"

#include <fcntl.h>
#include <gio/gunixoutputstream.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <unistd.h>

#define BUDGET (1024 * 1024)

typedef struct
{
  int reader; /* (owned) -1 where it was closed */
  GOutputStream *stream;
  ChannelsCtlWriter *writer;
  GError *error; /* (nullable): what the writer failed with */
  guint failures;
} Fixture;

static void
on_failed (const GError *error, gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->failures++;
  g_clear_error (&fixture->error);
  fixture->error = g_error_copy (error);
}

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  int fds[2];

  g_assert_true (g_unix_open_pipe (fds, FD_CLOEXEC, NULL));
  fixture->reader = fds[0];
  fixture->stream = g_unix_output_stream_new (fds[1], TRUE);
  fixture->writer = channels_ctl_writer_new (fixture->stream, BUDGET, on_failed, fixture);
}

static void
close_reader (Fixture *fixture)
{
  g_assert_true (g_close (fixture->reader, NULL));
  fixture->reader = -1;
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  g_clear_pointer (&fixture->writer, channels_ctl_writer_free);
  g_assert_finalize_object (fixture->stream);
  g_clear_error (&fixture->error);
  if (fixture->reader >= 0)
    close_reader (fixture);
}

static void
test_writes_in_order (Fixture *fixture, gconstpointer unused)
{
  char text[16] = { 0 };

  g_test_summary ("What a pipe has room for is written at once");

  channels_ctl_writer_push (fixture->writer, "one\n");
  channels_ctl_writer_push (fixture->writer, "two\n");

  g_assert_cmpint (read (fixture->reader, text, sizeof text), ==, 8);
  g_assert_cmpstr (text, ==, "one\ntwo\n");
}

static void
test_goes_on_when_read (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *text = g_strnfill (BUDGET / 2, 'x');
  gsize total = 0;

  g_test_summary ("What a full pipe has no room for waits, and is written as it is read");

  channels_ctl_writer_push (fixture->writer, text);
  channels_ctl_writer_push (fixture->writer, text);
  while (total < BUDGET)
    {
      char buffer[4096];
      gssize size = read (fixture->reader, buffer, sizeof buffer);

      g_assert_cmpint (size, >, 0);
      total += size;
      g_main_context_iteration (NULL, FALSE);
    }

  g_assert_cmpuint (total, ==, BUDGET);
  g_assert_cmpuint (fixture->failures, ==, 0);
}

static void
test_bounded (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *text = g_strnfill (BUDGET, 'x');

  g_test_summary ("Past its budget the writer fails, once, and takes no more");

  channels_ctl_writer_push (fixture->writer, text);
  g_assert_cmpuint (fixture->failures, ==, 0);
  channels_ctl_writer_push (fixture->writer, text);
  channels_ctl_writer_push (fixture->writer, "more\n");

  g_assert_error (fixture->error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  g_assert_cmpuint (fixture->failures, ==, 1);
}

static void
test_reader_goes (Fixture *fixture, gconstpointer unused)
{
  g_test_summary ("A reader that goes is noticed with nothing to write");

  close_reader (fixture);
  while (fixture->failures == 0)
    g_main_context_iteration (NULL, TRUE);

  g_assert_error (fixture->error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/ctl/writer/in-order", Fixture, NULL, set_up, test_writes_in_order, tear_down);
  g_test_add ("/ctl/writer/goes-on-when-read", Fixture, NULL, set_up, test_goes_on_when_read,
              tear_down);
  g_test_add ("/ctl/writer/bounded", Fixture, NULL, set_up, test_bounded, tear_down);
  g_test_add ("/ctl/writer/reader-goes", Fixture, NULL, set_up, test_reader_goes, tear_down);

  return g_test_run ();
}
