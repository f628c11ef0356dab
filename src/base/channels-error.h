/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ChannelsError:
 * @CHANNELS_ERROR_INVALID_NAME: a group or channel has a name that is none
 * @CHANNELS_ERROR_INVALID_EVENT: an event has no `type`, one that is reserved, or a value that
 * cannot travel
 * @CHANNELS_ERROR_MESSAGE_TOO_BIG: an event, or a message, is larger than its limit
 * @CHANNELS_ERROR_CHANNEL_FULL: the channel's queue is at its capacity
 * @CHANNELS_ERROR_LAYER_UNAVAILABLE: the channel layer is down
 * @CHANNELS_ERROR_NO_SUCH_CHANNEL: nobody has this channel
 * @CHANNELS_ERROR_NOT_ALLOWED: a limit or a rule forbids it to this caller
 *
 * What can go wrong for somebody outside. Each has its name on the bus:
 * `org.example.Channels.Error.InvalidName` and so on.
 */
typedef enum
{
  CHANNELS_ERROR_INVALID_NAME,
  CHANNELS_ERROR_INVALID_EVENT,
  CHANNELS_ERROR_MESSAGE_TOO_BIG,
  CHANNELS_ERROR_CHANNEL_FULL,
  CHANNELS_ERROR_LAYER_UNAVAILABLE,
  CHANNELS_ERROR_NO_SUCH_CHANNEL,
  CHANNELS_ERROR_NOT_ALLOWED,
} ChannelsError;

/* How many there are: tables of them are checked against it. */
#define CHANNELS_N_ERRORS (CHANNELS_ERROR_NOT_ALLOWED + 1)

#define CHANNELS_ERROR (channels_error_quark ())
GQuark channels_error_quark (void);

G_END_DECLS
