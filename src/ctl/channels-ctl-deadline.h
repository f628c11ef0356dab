/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _ChannelsCtlDeadline ChannelsCtlDeadline;

ChannelsCtlDeadline *channels_ctl_deadline_new (gint64 timeout);

void channels_ctl_deadline_free (ChannelsCtlDeadline *self);

GCancellable *channels_ctl_deadline_get_cancellable (ChannelsCtlDeadline *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsCtlDeadline, channels_ctl_deadline_free)

G_END_DECLS
