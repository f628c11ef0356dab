/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Private to this floor: what runs before the library may allocate. */

gboolean channels_msgpack_check (const guint8 *data, gsize length, guint max_depth, GError **error);

G_END_DECLS
