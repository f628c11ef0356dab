/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-ctl-command.h"

G_BEGIN_DECLS

#define CHANNELS_CTL_COMPLETE_OPTION "--complete"

gboolean channels_ctl_complete (ChannelsCtlContext *context,
                                const ChannelsCtlCommand *const *commands,
                                guint n_commands,
                                char **words,
                                GError **error);

G_END_DECLS
