/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-audience.h"
#include "channels-router.h"

G_BEGIN_DECLS

typedef struct _ChannelsAudiences ChannelsAudiences;

ChannelsAudiences *
channels_audiences_new (ChannelsHub *hub, ChannelsPoller *poller, guint max_depth);

void channels_audiences_free (ChannelsAudiences *self);

void channels_audiences_set_max_depth (ChannelsAudiences *self, guint max_depth);

ChannelsAudience *
channels_audiences_get (ChannelsAudiences *self, const char *group, ChannelsConsumerKind kind);

void channels_audiences_drop_if_empty (ChannelsAudiences *self, ChannelsAudience *audience);

G_END_DECLS
