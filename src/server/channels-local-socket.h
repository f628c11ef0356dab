/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _ChannelsLocalSocket ChannelsLocalSocket;

ChannelsLocalSocket *channels_local_socket_new (const char *path, GError **error);

void channels_local_socket_free (ChannelsLocalSocket *self);

GSocket *channels_local_socket_get_socket (ChannelsLocalSocket *self);

const char *channels_local_socket_get_path (ChannelsLocalSocket *self);

gboolean channels_local_socket_is_served (const char *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsLocalSocket, channels_local_socket_free)

G_END_DECLS
