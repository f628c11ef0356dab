/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-layer.h"
#include "channels-member.h"

G_BEGIN_DECLS

#define CHANNELS_TYPE_HUB (channels_hub_get_type ())
G_DECLARE_FINAL_TYPE (ChannelsHub, channels_hub, CHANNELS, HUB, GObject)

/**
 * ChannelsHubGroupFunc:
 * @group: the group's name
 * @size: how many local channels are in it
 * @user_data: (closure): what was given with the function
 */
typedef void (*ChannelsHubGroupFunc) (const char *group, guint size, gpointer user_data);

/**
 * ChannelsHubSource:
 * @CHANNELS_HUB_SOURCE_HERE: somebody on this node
 * @CHANNELS_HUB_SOURCE_ELSEWHERE: another node, by the layer
 *
 * Who sent an event.
 */
typedef enum
{
  CHANNELS_HUB_SOURCE_HERE,
  CHANNELS_HUB_SOURCE_ELSEWHERE,
} ChannelsHubSource;

/**
 * ChannelsHubAbsenceFunc:
 * @group: the name of a group in which nobody is here
 * @event: what was sent to it
 * @source: who sent it
 * @user_data: (closure): what was given with the function
 */
typedef void (*ChannelsHubAbsenceFunc) (const char *group,
                                        ChannelsEvent *event,
                                        ChannelsHubSource source,
                                        gpointer user_data);

/**
 * ChannelsHubCounts:
 * @events: that were sent to the group
 * @deliveries: of them to members here: what sends have answered as receivers, and what came from
 * elsewhere
 *
 * What a group has seen here since it has members.
 */
typedef struct
{
  guint64 events;
  guint64 deliveries;
} ChannelsHubCounts;

ChannelsHub *channels_hub_new (ChannelsLayer *layer, const char *node_prefix);

ChannelsLayer *channels_hub_get_layer (ChannelsHub *self);

void channels_hub_set_layer (ChannelsHub *self, ChannelsLayer *layer);

void
channels_hub_set_absence_func (ChannelsHub *self, ChannelsHubAbsenceFunc func, gpointer user_data);

void channels_hub_watch (ChannelsHub *self, const char *const *groups);

void channels_hub_join (ChannelsHub *self, const char *group, ChannelsMember *member);

void channels_hub_leave (ChannelsHub *self, const char *group, ChannelsMember *member);

char *channels_hub_add_channel (ChannelsHub *self, ChannelsMember *member);

void channels_hub_remove_channel (ChannelsHub *self, const char *channel);

guint channels_hub_send_to_group (ChannelsHub *self,
                                  const char *group,
                                  ChannelsEvent *event,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);

guint channels_hub_when_ready (ChannelsHub *self,
                               const char *group,
                               ChannelsMemberReadyFunc func,
                               gpointer user_data);

guint channels_hub_send_to_channel (ChannelsHub *self,
                                    const char *channel,
                                    ChannelsEvent *event,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);

gboolean channels_hub_send_finish (ChannelsHub *self,
                                   GAsyncResult *result,
                                   guint *out_remotes,
                                   GError **error);

void channels_hub_list_groups (ChannelsHub *self, ChannelsHubGroupFunc func, gpointer user_data);

void channels_hub_get_counts (ChannelsHub *self, const char *group, ChannelsHubCounts *out_counts);

void channels_hub_list_members (ChannelsHub *self,
                                const char *group,
                                ChannelsMemberFunc func,
                                gpointer user_data);

gboolean channels_hub_disconnect (ChannelsHub *self,
                                  const char *channel,
                                  guint16 code,
                                  const char *reason,
                                  GError **error);

G_END_DECLS
