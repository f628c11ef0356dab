/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-ctl-section.h"

G_BEGIN_DECLS

gboolean channels_ctl_django_layer_convert (const char *json,
                                            gsize length,
                                            const char *alias,
                                            const char *origin,
                                            ChannelsCtlSection *out_section,
                                            GError **error);

G_END_DECLS
