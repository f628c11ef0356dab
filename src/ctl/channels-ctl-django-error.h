/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean channels_ctl_django_fail (GError **error, const char *name, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

gboolean channels_ctl_django_fail_type (GError **error,
                                        const char *name,
                                        const char *wanted,
                                        GVariant *value);

gboolean channels_ctl_django_get_integer (GVariant *value,
                                          const char *name,
                                          int minimum,
                                          int maximum,
                                          gint64 *out_integer,
                                          GError **error);

G_END_DECLS
