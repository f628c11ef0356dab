/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Private to this floor: what the files that walk through a GVariant share. */

GVariant *channels_variant_unwrap (GVariant *value);

G_END_DECLS
