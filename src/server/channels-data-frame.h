/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

guint channels_data_frame_get_opcode (guint8 first);

gboolean channels_data_frame_is_last (guint8 first);

void channels_data_frame_append (GByteArray *message, const guint8 *frame, gsize size);

GBytes *channels_data_frame_read (const guint8 *frame, gsize size);

G_END_DECLS
