/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "channels-node.h"
#include "channels-options.h"

G_BEGIN_DECLS

#define CHANNELS_TYPE_RELOAD (channels_reload_get_type ())
G_DECLARE_FINAL_TYPE (ChannelsReload, channels_reload, CHANNELS, RELOAD, GObject)

ChannelsReload *channels_reload_new (const ChannelsOptions *options, ChannelsNode *node);

void channels_reload_run (ChannelsReload *self, GAsyncReadyCallback callback, gpointer user_data);

gboolean channels_reload_run_finish (ChannelsReload *self, GAsyncResult *result, GError **error);

void channels_reload_close (ChannelsReload *self);

G_END_DECLS
