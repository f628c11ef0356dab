/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

gboolean channels_ctl_django_project_is_one (const char *folder);

char *channels_ctl_django_project_read (const char *folder,
                                        const char *python,
                                        GCancellable *cancellable,
                                        GError **error);

const char *channels_ctl_django_project_find_layers (const char *text, gsize *out_length);

G_END_DECLS
