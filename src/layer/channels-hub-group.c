/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-hub-group.h"

/*
 * channels_hub_group_new:
 *
 * Returns: (transfer full): a group without members
 */
ChannelsHubGroup *
channels_hub_group_new (void)
{
  ChannelsHubGroup *self = g_new0 (ChannelsHubGroup, 1);

  self->members = g_ptr_array_new_with_free_func (g_object_unref);
  return self;
}

/*
 * channels_hub_group_free:
 * @self: (transfer full): a group
 */
void
channels_hub_group_free (ChannelsHubGroup *self)
{
  g_ptr_array_unref (self->members);
  g_free (self);
}

/*
 * channels_hub_group_deliver:
 * @self: a group; nobody joins or leaves meanwhile
 * @name: its name
 * @event: what was sent to it
 *
 * Returns: how many channels its members handed it to
 */
guint
channels_hub_group_deliver (ChannelsHubGroup *self, const char *name, ChannelsEvent *event)
{
  guint receivers = 0;

  for (guint i = 0; i < self->members->len; i++)
    receivers += channels_member_deliver (g_ptr_array_index (self->members, i), name, event);

  self->counts.events++;
  self->counts.deliveries += receivers;

  return receivers;
}

/*
 * channels_hub_group_when_ready:
 * @self: (nullable): a group; `NULL`: nobody is in it
 * @func: (scope notified): called once for each member that is not ready
 * @user_data: (closure): passed to @func
 *
 * Returns: how often @func will be called
 */
guint
channels_hub_group_when_ready (ChannelsHubGroup *self,
                               ChannelsMemberReadyFunc func,
                               gpointer user_data)
{
  guint n_calls = 0;

  if (self == NULL)
    return 0;

  for (guint i = 0; i < self->members->len; i++)
    n_calls += channels_member_when_ready (g_ptr_array_index (self->members, i), func, user_data);

  return n_calls;
}

/*
 * channels_hub_group_list:
 * @self: (nullable): a group; `NULL`: nobody is in it
 * @name: its name
 * @func: (scope call): called once for each channel of its members
 * @user_data: (closure): passed to @func
 */
void
channels_hub_group_list (ChannelsHubGroup *self,
                         const char *name,
                         ChannelsMemberFunc func,
                         gpointer user_data)
{
  for (guint i = 0; self != NULL && i < self->members->len; i++)
    channels_member_list (g_ptr_array_index (self->members, i), name, func, user_data);
}

/*
 * channels_hub_group_get_size:
 * @self: a group
 * @name: its name
 *
 * Returns: how many channels its members are
 */
guint
channels_hub_group_get_size (const ChannelsHubGroup *self, const char *name)
{
  guint size = 0;

  for (guint i = 0; i < self->members->len; i++)
    size += channels_member_get_size (g_ptr_array_index (self->members, i), name);

  return size;
}
