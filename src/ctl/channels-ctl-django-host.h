/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-ctl-section.h"

G_BEGIN_DECLS

char *channels_ctl_django_host_to_url (GVariant *value,
                                       const char *name,
                                       ChannelsCtlSection *section,
                                       GError **error);

G_END_DECLS
