/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-hub.h"
#include "channels-member.h"

G_BEGIN_DECLS

/* Private to the hub: a group that has members here. */
typedef struct
{
  GPtrArray *members; /* (element-type ChannelsMember) (owned) */
  ChannelsHubCounts counts;
} ChannelsHubGroup;

ChannelsHubGroup *channels_hub_group_new (void);

void channels_hub_group_free (ChannelsHubGroup *self);

guint channels_hub_group_deliver (ChannelsHubGroup *self, const char *name, ChannelsEvent *event);

guint channels_hub_group_when_ready (ChannelsHubGroup *self,
                                     ChannelsMemberReadyFunc func,
                                     gpointer user_data);

void channels_hub_group_list (ChannelsHubGroup *self,
                              const char *name,
                              ChannelsMemberFunc func,
                              gpointer user_data);

guint channels_hub_group_get_size (const ChannelsHubGroup *self, const char *name);

G_END_DECLS
