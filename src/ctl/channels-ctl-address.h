/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-ctl-daemon.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* Where the service is to listen, as `ADDRESS:PORT`. */

GStrv channels_ctl_address_list (const ChannelsCtlDaemon *daemon, GKeyFile *config);

GSocketAddress *channels_ctl_address_parse (const char *item);

gboolean channels_ctl_address_try (GSocketAddress *address, GError **error);

gboolean channels_ctl_address_answers (const char *item, GError **error);

gboolean channels_ctl_address_may_be_listed (const char *url, char **listen);

G_END_DECLS
