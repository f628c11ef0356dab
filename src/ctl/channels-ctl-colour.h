/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ChannelsCtlColour:
 * @CHANNELS_CTL_COLOUR_GREEN: all is well
 * @CHANNELS_CTL_COLOUR_YELLOW: something should be done
 * @CHANNELS_CTL_COLOUR_RED: something is broken
 * @CHANNELS_CTL_COLOUR_DIM: less important than the rest
 *
 * What a colour says. It is never all that says so: words do as well.
 */
typedef enum
{
  CHANNELS_CTL_COLOUR_GREEN,
  CHANNELS_CTL_COLOUR_YELLOW,
  CHANNELS_CTL_COLOUR_RED,
  CHANNELS_CTL_COLOUR_DIM,
} ChannelsCtlColour;

gboolean channels_ctl_colour_is_wanted (GOutputStream *stream);

char *channels_ctl_colour_paint (const char *text, ChannelsCtlColour colour, gboolean wanted);

G_END_DECLS
