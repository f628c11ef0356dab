/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

GPtrArray *channels_systemd_take_sockets (GError **error);

void channels_systemd_turn_away (GPtrArray *sockets);

gboolean channels_systemd_is_listening (void);

gboolean channels_systemd_is_unit (void);

void channels_systemd_notify (const char *state);

guint64 channels_systemd_get_watchdog (void);

G_END_DECLS
