/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-hub-group.h"
#include "channels-layer.h"

G_BEGIN_DECLS

/* Private to the hub: whether its layer is to wait, and until when. */
typedef struct
{
  ChannelsLayer *layer; /* (unowned) (nullable) */
  guint n_awaited;      /* members that are to become ready; the layer waits for as long */
} ChannelsHubHold;

void channels_hub_hold_set_layer (ChannelsHubHold *self, ChannelsLayer *layer);

void channels_hub_hold_until_ready (ChannelsHubHold *self, ChannelsHubGroup *group);

G_END_DECLS
