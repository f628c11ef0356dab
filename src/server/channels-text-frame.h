/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

gsize channels_text_frame_measure (const guint8 *data, gsize length);

GBytes *channels_text_frame_read (const guint8 *frame, gsize size);

G_END_DECLS
