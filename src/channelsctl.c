/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl.h"
#include "channels-streams.h"

#include <gio/gunixinputstream.h>
#include <gio/gunixoutputstream.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

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

  if (argc < 1 || !channels_streams_hold ())
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
