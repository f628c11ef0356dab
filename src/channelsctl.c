/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl.h"

#include <fcntl.h>
#include <gio/gunixinputstream.h>
#include <gio/gunixoutputstream.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* Whoever starts us may have closed a standard stream. Its number must not go to the next thing
 * that is opened: answers would be written to the bus. Reading and writing fail as they did. */
static gboolean
hold_standard_streams (void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl (fd, F_GETFD) < 0 &&
        open ("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
      return FALSE;

  return TRUE;
}

static void
set_up_language (void)
{
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
}

int
main (int argc, char **argv)
{
  g_autoptr (GInputStream) input = NULL;
  g_autoptr (GOutputStream) output = NULL;
  g_autoptr (GOutputStream) errors = NULL;
  g_autoptr (ChannelsCtlContext) context = NULL;

  if (argc < 1 || !hold_standard_streams ())
    return EXIT_FAILURE;

  /* A reader that has gone is an error of write(), not the end. */
  signal (SIGPIPE, SIG_IGN);
  set_up_language ();

  input = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  output = g_unix_output_stream_new (STDOUT_FILENO, FALSE);
  errors = g_unix_output_stream_new (STDERR_FILENO, FALSE);
  context = channels_ctl_context_new (input, output, errors);

  return channels_ctl_run (context, argv);
}
