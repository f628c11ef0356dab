/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

char *channels_ctl_program_read (GSubprocess *process,
                                 const char *name,
                                 gsize max,
                                 GCancellable *cancellable,
                                 GError **error);

G_END_DECLS
