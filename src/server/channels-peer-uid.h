/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

gboolean channels_peer_uid_get (int fd, uid_t *out_uid, GError **error);

G_END_DECLS
