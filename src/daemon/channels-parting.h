/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-layer.h"

G_BEGIN_DECLS

void
channels_parting_begin (ChannelsLayer *layer, GAsyncReadyCallback callback, gpointer user_data);

gboolean channels_parting_finish (GAsyncResult *result, GError **error);

G_END_DECLS
