/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-bus-error.h"

#include "channels-error.h"
#include "channels-names.h"

#include <gio/gio.h>

static const GDBusErrorEntry entries[] = {
  { CHANNELS_ERROR_INVALID_NAME, CHANNELS_BUS_ERROR_PREFIX "InvalidName" },
  { CHANNELS_ERROR_INVALID_EVENT, CHANNELS_BUS_ERROR_PREFIX "InvalidEvent" },
  { CHANNELS_ERROR_MESSAGE_TOO_BIG, CHANNELS_BUS_ERROR_PREFIX "MessageTooBig" },
  { CHANNELS_ERROR_CHANNEL_FULL, CHANNELS_BUS_ERROR_PREFIX "ChannelFull" },
  { CHANNELS_ERROR_LAYER_UNAVAILABLE, CHANNELS_BUS_ERROR_PREFIX "LayerUnavailable" },
  { CHANNELS_ERROR_NO_SUCH_CHANNEL, CHANNELS_BUS_ERROR_PREFIX "NoSuchChannel" },
  { CHANNELS_ERROR_NOT_ALLOWED, CHANNELS_BUS_ERROR_PREFIX "NotAllowed" },
};

G_STATIC_ASSERT (G_N_ELEMENTS (entries) == CHANNELS_N_ERRORS);

/**
 * channels_bus_error_register:
 *
 * Gives each #ChannelsError its name on the bus, both ways: an error returned from a method goes
 * out under it, and one that comes back to a caller in this process is a `GError` again. The first
 * call does it, for the life of the process.
 */
void
channels_bus_error_register (void)
{
  static gsize registered = 0;

  g_dbus_error_register_error_domain (g_quark_to_string (CHANNELS_ERROR), &registered, entries,
                                      G_N_ELEMENTS (entries));
}
