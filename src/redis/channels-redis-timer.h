/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

GSource *channels_redis_timer_new (const char *name, GSourceFunc func, gpointer user_data);

void channels_redis_timer_clear (GSource **timer);

G_END_DECLS
