/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _ChannelsDiscovery ChannelsDiscovery;

char *channels_discovery_get_directory (void);

ChannelsDiscovery *channels_discovery_new (const char *directory);

void channels_discovery_free (ChannelsDiscovery *self);

void channels_discovery_publish (ChannelsDiscovery *self, const char *url);

void channels_discovery_withdraw (ChannelsDiscovery *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsDiscovery, channels_discovery_free)

G_END_DECLS
