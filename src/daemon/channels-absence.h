/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-node.h"

G_BEGIN_DECLS

typedef struct _ChannelsAbsence ChannelsAbsence;

ChannelsAbsence *channels_absence_new (ChannelsNode *node, GDBusConnection *connection);

void channels_absence_free (ChannelsAbsence *self);

gint64 channels_absence_get_last_used (ChannelsAbsence *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsAbsence, channels_absence_free)

G_END_DECLS
