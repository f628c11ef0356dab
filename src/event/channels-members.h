/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Private to this floor: what the readers of JSON and MessagePack share. */

/**
 * ChannelsMembers:
 *
 * The members of a dictionary that is being read. Of those with one name the last counts, in the
 * place of the first, as in Python.
 */
typedef GPtrArray ChannelsMembers;

ChannelsMembers *channels_members_new (void);

void channels_members_take (ChannelsMembers *self, char *key, GVariant *value);

GVariant *channels_members_end (ChannelsMembers *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsMembers, g_ptr_array_unref)

G_END_DECLS
