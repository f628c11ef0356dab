/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "channels-bus-calls.h"
#include "channels-hub.h"
#include "channels-limits.h"

G_BEGIN_DECLS

/* Pairs in one SendMany. */
#define CHANNELS_BUS_SEND_MANY_MAX 65536

void channels_bus_send_text (ChannelsHub *hub,
                             const ChannelsLimits *limits,
                             GDBusMethodInvocation *invocation,
                             const char *group,
                             const char *message);

void channels_bus_send_event (ChannelsHub *hub,
                              const ChannelsLimits *limits,
                              GDBusMethodInvocation *invocation,
                              const char *group,
                              GVariant *dictionary);

void channels_bus_send_many (ChannelsBusCalls *calls,
                             ChannelsHub *hub,
                             const ChannelsLimits *limits,
                             GDBusMethodInvocation *invocation,
                             GVariant *messages);

void channels_bus_send_to_channel (ChannelsHub *hub,
                                   const ChannelsLimits *limits,
                                   GDBusMethodInvocation *invocation,
                                   const char *channel,
                                   GVariant *dictionary);

G_END_DECLS
