/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-config.h"
#include "channels-identity.h"
#include "channels-layer.h"

G_BEGIN_DECLS

ChannelsLayer *channels_backend_new (const ChannelsConfig *config,
                                     const ChannelsIdentity *identity,
                                     GError **error);

G_END_DECLS
