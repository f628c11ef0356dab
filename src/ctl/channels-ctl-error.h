/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ChannelsCtlError:
 * @CHANNELS_CTL_ERROR_FAILED: it could not be done; exit status 1
 * @CHANNELS_CTL_ERROR_USAGE: the command line makes no sense; exit status 2
 * @CHANNELS_CTL_ERROR_NO_READER: nobody reads standard output any more; exit status 1
 * @CHANNELS_CTL_ERROR_HELP: no failure: help was asked for, and the message is it; exit status 0
 *
 * Why a sub-command did not do its work. The messages are in the user's language.
 */
typedef enum
{
  CHANNELS_CTL_ERROR_FAILED,
  CHANNELS_CTL_ERROR_USAGE,
  CHANNELS_CTL_ERROR_NO_READER,
  CHANNELS_CTL_ERROR_HELP,
} ChannelsCtlError;

#define CHANNELS_CTL_ERROR (channels_ctl_error_quark ())
GQuark channels_ctl_error_quark (void);

gboolean channels_ctl_error_is_from_service (const GError *error);

char *channels_ctl_error_describe (const GError *error);

G_END_DECLS
