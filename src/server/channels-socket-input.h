/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define CHANNELS_TYPE_SOCKET_INPUT (channels_socket_input_get_type ())
G_DECLARE_FINAL_TYPE (ChannelsSocketInput,
                      channels_socket_input,
                      CHANNELS,
                      SOCKET_INPUT,
                      GInputStream)

ChannelsSocketInput *channels_socket_input_new (GMainContext *parking, GBytes *request);

void channels_socket_input_park (ChannelsSocketInput *self);

void channels_socket_input_unpark (ChannelsSocketInput *self);

void channels_socket_input_feed (ChannelsSocketInput *self, const guint8 *data, gsize size);

void channels_socket_input_end (ChannelsSocketInput *self);

G_END_DECLS
