/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-streams.h"

#include <fcntl.h>
#include <unistd.h>

/**
 * channels_streams_hold:
 *
 * Whoever starts a program may have closed a standard stream. Its number must not go to the next
 * thing that is opened: what is printed would be written to a file or to the bus. Reading and
 * writing fail as they did. To be called before anything is opened.
 *
 * Returns: `FALSE` if a number could not be held
 */
gboolean
channels_streams_hold (void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl (fd, F_GETFD) < 0 &&
        open ("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
      return FALSE;

  return TRUE;
}
