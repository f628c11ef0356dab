/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Bytes of a call's arguments beside the event that it sends: names, signatures, padding. */
#define CHANNELS_BUS_GATE_ROOM 4096

/* As much of a call that sends none, such as MintTicket with its 64 groups, however small an event
 * has to be. */
#define CHANNELS_BUS_GATE_ROOM_OTHERS 16384

guint channels_bus_gate_add (GDBusConnection *connection, gsize event_size);

G_END_DECLS
