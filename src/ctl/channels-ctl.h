/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-ctl-context.h"

G_BEGIN_DECLS

int channels_ctl_run (ChannelsCtlContext *context, char **argv);

G_END_DECLS
