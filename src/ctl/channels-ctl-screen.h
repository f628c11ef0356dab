/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _ChannelsCtlScreen ChannelsCtlScreen;

ChannelsCtlScreen *channels_ctl_screen_open (GInputStream *input, GOutputStream *output);

void channels_ctl_screen_close (ChannelsCtlScreen *self);

gboolean
channels_ctl_screen_draw (ChannelsCtlScreen *self, const char *text, guint n_dim, GError **error);

gboolean channels_ctl_screen_reads_keys (ChannelsCtlScreen *self);

gboolean channels_ctl_screen_take_key (ChannelsCtlScreen *self, char key);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsCtlScreen, channels_ctl_screen_close)

G_END_DECLS
