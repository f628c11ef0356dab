/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-layer.h"

G_BEGIN_DECLS

#define CHANNELS_TYPE_MEMORY_LAYER (channels_memory_layer_get_type ())
G_DECLARE_FINAL_TYPE (ChannelsMemoryLayer, channels_memory_layer, CHANNELS, MEMORY_LAYER, GObject)

ChannelsLayer *channels_memory_layer_new (void);

G_END_DECLS
