/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-consumer.h"

G_BEGIN_DECLS

#define CHANNELS_TYPE_CHAT_CONSUMER (channels_chat_consumer_get_type ())
G_DECLARE_FINAL_TYPE (ChannelsChatConsumer,
                      channels_chat_consumer,
                      CHANNELS,
                      CHAT_CONSUMER,
                      GObject)

ChannelsConsumer *channels_chat_consumer_new (guint max_depth);

void channels_chat_consumer_set_max_depth (ChannelsConsumer *self, guint max_depth);

G_END_DECLS
