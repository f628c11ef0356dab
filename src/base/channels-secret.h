/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ChannelsSecret:
 *
 * A text that is wiped when it is freed: `g_autoptr (ChannelsSecret)`.
 */
typedef char ChannelsSecret;

void channels_secret_free (char *secret);

void channels_secret_freev (char **secrets);

void channels_secret_hide_memory (gboolean hide);

void channels_secret_hide_memory_for_good (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsSecret, channels_secret_free)

G_END_DECLS
