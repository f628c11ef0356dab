/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-program.h"

#include "channels-ctl-error.h"

#include <glib/gi18n.h>

static char *
read_output (GSubprocess *process,
             const char *name,
             gsize max,
             GCancellable *cancellable,
             GError **error)
{
  g_autoptr (GError) read_error = NULL;
  g_autofree char *text = g_malloc (max + 1);
  gsize length;

  if (!g_input_stream_read_all (g_subprocess_get_stdout_pipe (process), text, max + 1, &length,
                                cancellable, &read_error))
    {
      if (g_error_matches (read_error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED,
                     _ ("“%s” takes too long"), name);
      else
        g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED, "%s",
                     read_error->message);
      return NULL;
    }
  if (length > max)
    {
      g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED,
                   _ ("%s prints more than %u bytes"), name, (guint) max);
      return NULL;
    }

  text[length] = '\0';
  return g_steal_pointer (&text);
}

/**
 * channels_ctl_program_read:
 * @process: a program whose standard output is a pipe
 * @name: what the user calls it, for errors
 * @max: bytes that it may print
 * @cancellable: (nullable): ends it
 * @error: return location for a `GError`, or `NULL`
 *
 * Reads what a program prints, and waits for its end.
 *
 * Fails with `CHANNELS_CTL_ERROR_FAILED` where that is too much, or takes too long; it was killed
 * then. Whether it was successful is not looked at.
 *
 * Returns: (transfer full): what it printed, or `NULL` with @error set
 */
char *
channels_ctl_program_read (GSubprocess *process,
                           const char *name,
                           gsize max,
                           GCancellable *cancellable,
                           GError **error)
{
  char *text;

  g_return_val_if_fail (G_IS_SUBPROCESS (process), NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  text = read_output (process, name, max, cancellable, error);
  /* One that has shut its output may go on for ever. */
  if (text == NULL || !g_subprocess_wait (process, cancellable, NULL))
    g_subprocess_force_exit (process);
  g_subprocess_wait (process, NULL, NULL);

  return text;
}
