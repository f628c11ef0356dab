/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Private to this floor: what an event must be. */

char *channels_event_dup_type (GVariant *dictionary, GError **error);

gboolean channels_event_check_type (const char *type, GError **error);

gboolean channels_event_check_value (GVariant *value, guint levels, GError **error);

gboolean channels_event_value_fits (GVariant *value, guint levels);

G_END_DECLS
