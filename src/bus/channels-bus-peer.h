/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "channels-hub.h"

G_BEGIN_DECLS

#define CHANNELS_TYPE_BUS_PEER (channels_bus_peer_get_type ())
G_DECLARE_FINAL_TYPE (ChannelsBusPeer, channels_bus_peer, CHANNELS, BUS_PEER, GObject)

/* Bytes of the largest event that is sent to a peer. What a browser or the bus sends has 16 MiB at
 * most; this leaves room for an event's other keys. D-Bus needs at most 2.3 times what GVariant
 * does (an empty `a{sv}` in a variant: 16 bytes for 7), which stays below its 64 MiB for an array:
 * the bus closes the connection of whoever sends more. */
#define CHANNELS_BUS_PEER_EVENT_MAX ((gsize) 17 * 1024 * 1024)

/* Bytes of events that one peer may leave unread. */
#define CHANNELS_BUS_PEER_BACKLOG_MAX ((gsize) 32 * 1024 * 1024)

ChannelsBusPeer *
channels_bus_peer_new (ChannelsHub *hub, GDBusConnection *connection, const char *name);

const char *channels_bus_peer_get_name (ChannelsBusPeer *self);

gboolean channels_bus_peer_is_done (ChannelsBusPeer *self);

gboolean
channels_bus_peer_join (ChannelsBusPeer *self, const char *group, guint max_groups, GError **error);

void channels_bus_peer_leave (ChannelsBusPeer *self, const char *group);

void channels_bus_peer_close (ChannelsBusPeer *self);

G_END_DECLS
