/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

void channels_desktop_open (GDBusConnection *connection,
                            const char *url,
                            const char *token,
                            const char *const *command);

G_END_DECLS
