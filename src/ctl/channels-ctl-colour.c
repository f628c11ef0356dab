/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-colour.h"

#include <gio/gfiledescriptorbased.h>
#include <unistd.h>

/* ECMA-48, 8.3.117: select graphic rendition. */
#define RESET "\033[0m"

static const char *const sequences[] = {
  [CHANNELS_CTL_COLOUR_GREEN] = "\033[32m",
  [CHANNELS_CTL_COLOUR_YELLOW] = "\033[33m",
  [CHANNELS_CTL_COLOUR_RED] = "\033[31m",
  [CHANNELS_CTL_COLOUR_DIM] = "\033[2m",
};

/**
 * channels_ctl_colour_is_wanted:
 * @stream: where the text goes
 *
 * Returns: whether it goes to a terminal that has colours, and whose user has not said no:
 * `NO_COLOR` (https://no-color.org) is not set, or empty
 */
gboolean
channels_ctl_colour_is_wanted (GOutputStream *stream)
{
  const char *no = g_getenv ("NO_COLOR");
  const char *terminal = g_getenv ("TERM");

  g_return_val_if_fail (G_IS_OUTPUT_STREAM (stream), FALSE);

  return (no == NULL || *no == '\0') && terminal != NULL && *terminal != '\0' &&
         !g_str_equal (terminal, "dumb") && G_IS_FILE_DESCRIPTOR_BASED (stream) &&
         isatty (g_file_descriptor_based_get_fd (G_FILE_DESCRIPTOR_BASED (stream)));
}

/**
 * channels_ctl_colour_paint:
 * @text: what to show, without control characters
 * @colour: what to show it in
 * @wanted: what channels_ctl_colour_is_wanted() has said
 *
 * Returns: (transfer full): @text in that colour, or as it is where none is wanted
 */
char *
channels_ctl_colour_paint (const char *text, ChannelsCtlColour colour, gboolean wanted)
{
  g_return_val_if_fail (text != NULL, NULL);
  g_return_val_if_fail (colour < G_N_ELEMENTS (sequences), NULL);

  return wanted ? g_strconcat (sequences[colour], text, RESET, NULL) : g_strdup (text);
}
