/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-redis-farewell.h"
#include "channels-redis-settings.h"

G_BEGIN_DECLS

typedef struct _ChannelsRedisMembership ChannelsRedisMembership;

/**
 * ChannelsRedisMembershipFunc:
 * @user_data: as given
 *
 * What channels_redis_membership_is_joined() says has changed.
 */
typedef void (*ChannelsRedisMembershipFunc) (gpointer user_data);

ChannelsRedisMembership *channels_redis_membership_new (const ChannelsRedisSettings *settings,
                                                        GPtrArray *connections,
                                                        ChannelsRedisMembershipFunc changed,
                                                        gpointer user_data);

ChannelsRedisMembership *channels_redis_membership_ref (ChannelsRedisMembership *self);

void channels_redis_membership_unref (ChannelsRedisMembership *self);

void channels_redis_membership_free (ChannelsRedisMembership *self);

void channels_redis_membership_join (ChannelsRedisMembership *self, const char *group);

void channels_redis_membership_leave (ChannelsRedisMembership *self, const char *group);

void
channels_redis_membership_forget (ChannelsRedisMembership *self, GPtrArray *groups, guint host);

void channels_redis_membership_join_again (ChannelsRedisMembership *self, guint host);

void channels_redis_membership_lose (ChannelsRedisMembership *self, guint host);

gboolean channels_redis_membership_is_joined (ChannelsRedisMembership *self, guint host);

void channels_redis_membership_leave_all (ChannelsRedisMembership *self,
                                          ChannelsRedisFarewell *farewell);

gboolean channels_redis_membership_has_group (ChannelsRedisMembership *self, const char *group);

const char *channels_redis_membership_find_group (ChannelsRedisMembership *self,
                                                  const char *channel);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsRedisMembership, channels_redis_membership_free)

G_END_DECLS
