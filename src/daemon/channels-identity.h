/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _ChannelsIdentity ChannelsIdentity;

ChannelsIdentity *channels_identity_new (const char *directory, const char *layer);

void channels_identity_free (ChannelsIdentity *self);

const char *channels_identity_get_prefix (const ChannelsIdentity *self);

gboolean channels_identity_is_restarted (const ChannelsIdentity *self);

void channels_identity_keep (ChannelsIdentity *self);

void channels_identity_move (ChannelsIdentity *self, const char *directory, const char *layer);

void channels_identity_retire (ChannelsIdentity *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsIdentity, channels_identity_free)

G_END_DECLS
