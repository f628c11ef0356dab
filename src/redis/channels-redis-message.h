/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-event.h"
#include "channels-redis-settings.h"

G_BEGIN_DECLS

GBytes *channels_redis_message_new (const ChannelsRedisSettings *settings,
                                    ChannelsEvent *event,
                                    GVariant *names,
                                    GError **error);

GBytes *channels_redis_message_new_bundle (const ChannelsRedisSettings *settings,
                                           const char *group,
                                           GPtrArray *events,
                                           GError **error);

G_END_DECLS
