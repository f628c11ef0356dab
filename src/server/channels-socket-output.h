/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define CHANNELS_TYPE_SOCKET_OUTPUT (channels_socket_output_get_type ())
G_DECLARE_FINAL_TYPE (ChannelsSocketOutput,
                      channels_socket_output,
                      CHANNELS,
                      SOCKET_OUTPUT,
                      GOutputStream)

/**
 * ChannelsSocketOutputFunc:
 * @data: what libsoup writes: HTTP, or one whole frame
 * @size: bytes of it
 * @user_data: (closure): what was given with the function
 *
 * Takes all of it.
 */
typedef void (*ChannelsSocketOutputFunc) (const guint8 *data, gsize size, gpointer user_data);

ChannelsSocketOutput *channels_socket_output_new (ChannelsSocketOutputFunc func,
                                                  gpointer user_data);

void channels_socket_output_shut (ChannelsSocketOutput *self);

G_END_DECLS
