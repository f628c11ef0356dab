/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-hub-hold.h"

/*
 * channels_hub_hold_set_layer:
 * @self: a hold
 * @layer: (nullable): the layer that is to wait from now on, and is not held yet
 */
void
channels_hub_hold_set_layer (ChannelsHubHold *self, ChannelsLayer *layer)
{
  self->layer = layer;
  if (layer != NULL && self->n_awaited > 0)
    channels_layer_set_held (layer, TRUE);
}

static void
ready_cb (gpointer user_data)
{
  ChannelsHubHold *self = user_data;

  if (--self->n_awaited == 0 && self->layer != NULL)
    channels_layer_set_held (self->layer, FALSE);
}

/*
 * channels_hub_hold_until_ready:
 * @self: a hold; lives as long as any member of @group
 * @group: what the layer has just brought an event for
 *
 * Has the layer wait while the group's members are not ready for more. One group at a time is
 * waited for; another that is not ready either is found by the next event for it.
 */
void
channels_hub_hold_until_ready (ChannelsHubHold *self, ChannelsHubGroup *group)
{
  if (self->n_awaited > 0)
    return;

  self->n_awaited = channels_hub_group_when_ready (group, ready_cb, self);
  if (self->n_awaited > 0)
    channels_layer_set_held (self->layer, TRUE);
}
