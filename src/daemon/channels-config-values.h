/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

gboolean channels_config_parse_boolean (const char *text, gboolean *out_value, GError **error);

gboolean channels_config_parse_number (const char *text,
                                       guint64 minimum,
                                       guint64 maximum,
                                       guint64 *out_value,
                                       GError **error);

gboolean channels_config_parse_listen (const char *text,
                                       char **out_address,
                                       guint16 *out_port,
                                       GError **error);

gboolean channels_config_parse_capacity (const char *text,
                                         char **out_pattern,
                                         guint *out_capacity,
                                         GError **error);

char *channels_config_read_file (const char *path, gsize maximum, GError **error);

char *channels_config_read_secret (const char *name, GError **error);

G_END_DECLS
