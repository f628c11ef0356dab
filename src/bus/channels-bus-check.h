/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean channels_bus_check_close (guint code, const char *reason, GError **error);

gboolean channels_bus_check_ticket (const char *const *groups, const char *origin, GError **error);

G_END_DECLS
