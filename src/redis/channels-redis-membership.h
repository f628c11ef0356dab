/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-redis-settings.h"
#include "channels-redis-words.h"

G_BEGIN_DECLS

typedef struct _ChannelsRedisMembership ChannelsRedisMembership;

/**
 * ChannelsRedisMembershipFunc:
 * @error: (nullable): why other nodes may still think that this one is in a group
 * @user_data: as given
 *
 * All groups have been left.
 */
typedef void (*ChannelsRedisMembershipFunc) (const GError *error, gpointer user_data);

ChannelsRedisMembership *channels_redis_membership_new (const ChannelsRedisSettings *settings,
                                                        GPtrArray *connections);

void channels_redis_membership_free (ChannelsRedisMembership *self);

void channels_redis_membership_join (ChannelsRedisMembership *self, const char *group);

void channels_redis_membership_leave (ChannelsRedisMembership *self, const char *group);

void channels_redis_membership_join_again (ChannelsRedisMembership *self, guint host);

void channels_redis_membership_leave_all (ChannelsRedisMembership *self,
                                          ChannelsRedisMembershipFunc func,
                                          gpointer user_data);

const char *channels_redis_membership_find_group (ChannelsRedisMembership *self,
                                                  const char *channel);

char *channels_redis_membership_get_key (const ChannelsRedisSettings *settings, const char *group);

char *channels_redis_membership_get_now (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsRedisMembership, channels_redis_membership_free)

G_END_DECLS
