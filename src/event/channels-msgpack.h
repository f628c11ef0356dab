/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Bytes of one text, read or written. */
#define CHANNELS_MSGPACK_SIZE_MAX (16 * 1024 * 1024)

/* Arrays and maps that can be open at once, whatever a caller allows: as many as msgpack-c holds.
 */
#define CHANNELS_MSGPACK_DEPTH_MAX 32

/* Values in one text, keys among them: each takes some 300 bytes once it is read. */
#define CHANNELS_MSGPACK_VALUES_MAX 262144

gboolean channels_msgpack_append (GByteArray *out, GVariant *value, GError **error);

gboolean channels_msgpack_append_map_with (GByteArray *out,
                                           GBytes *map,
                                           const char *key,
                                           GVariant *value,
                                           GError **error);

GVariant *
channels_msgpack_to_variant (const guint8 *data, gsize length, guint max_depth, GError **error);

G_END_DECLS
