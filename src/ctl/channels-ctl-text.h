/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *channels_ctl_text_escape (const char *text);

guint channels_ctl_text_get_width (const char *text);

G_END_DECLS
