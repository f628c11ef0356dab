/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-consumer.h"
#include "channels-hub.h"
#include "channels-poller.h"
#include "channels-socket.h"

G_BEGIN_DECLS

#define CHANNELS_TYPE_AUDIENCE (channels_audience_get_type ())
G_DECLARE_FINAL_TYPE (ChannelsAudience, channels_audience, CHANNELS, AUDIENCE, GObject)

/**
 * ChannelsSeat:
 * @socket: (unowned): where its frames go
 * @channel: (unowned): the browser's channel
 * @joined: µs since the epoch
 * @index: the audience's: where it stands; do not touch
 *
 * A browser's place in an audience; lies inside the connection, which leaves before it goes away.
 */
typedef struct
{
  ChannelsSocket *socket;
  const char *channel;
  gint64 joined;
  guint index;
} ChannelsSeat;

ChannelsAudience *channels_audience_new (ChannelsHub *hub,
                                         ChannelsPoller *poller,
                                         ChannelsConsumer *consumer,
                                         const char *group);

const char *channels_audience_get_group (ChannelsAudience *self);

ChannelsConsumer *channels_audience_get_consumer (ChannelsAudience *self);

guint channels_audience_get_size (ChannelsAudience *self);

void channels_audience_join (ChannelsAudience *self, ChannelsSeat *seat);

void channels_audience_leave (ChannelsAudience *self, ChannelsSeat *seat);

void channels_audience_catch_up (ChannelsAudience *self, ChannelsSeat *seat);

G_END_DECLS
