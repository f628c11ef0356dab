/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-consumer.h"

G_BEGIN_DECLS

#define CHANNELS_TYPE_ECHO_CONSUMER (channels_echo_consumer_get_type ())
G_DECLARE_FINAL_TYPE (ChannelsEchoConsumer,
                      channels_echo_consumer,
                      CHANNELS,
                      ECHO_CONSUMER,
                      GObject)

ChannelsConsumer *channels_echo_consumer_new (void);

G_END_DECLS
