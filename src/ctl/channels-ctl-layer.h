/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-ctl-doctor.h"

G_BEGIN_DECLS

#define CHANNELS_CTL_LAYER_GROUP "Layer"

char *channels_ctl_layer_get (const ChannelsCtlDoctor *doctor, const char *key);

GPtrArray *channels_ctl_layer_get_hosts (const ChannelsCtlDoctor *doctor, GError **error);

GPtrArray *
channels_ctl_layer_parse_hosts (GKeyFile *file, char **urls, const char *password, GError **error);

char *channels_ctl_layer_read (GKeyFile *file, const char *key);

char *channels_ctl_layer_say_place_of_hosts (const ChannelsCtlDoctor *doctor);

G_END_DECLS
