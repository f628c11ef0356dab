/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-hub.h"

G_BEGIN_DECLS

GVariant *channels_bus_list_groups (ChannelsHub *hub);

GVariant *channels_bus_list_statistics (ChannelsHub *hub);

GVariant *channels_bus_list_members (ChannelsHub *hub, const char *group);

G_END_DECLS
