/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-ctl-doctor.h"

G_BEGIN_DECLS

/* What the checks share. */

GVariant *channels_ctl_check_call (ChannelsCtlDoctor *doctor,
                                   const char *name,
                                   const char *path,
                                   const char *interface,
                                   const char *method,
                                   GVariant *arguments,
                                   const GVariantType *type,
                                   GError **error);

GVariant *channels_ctl_check_call_bus (ChannelsCtlDoctor *doctor,
                                       const char *method,
                                       GVariant *arguments,
                                       const GVariantType *type,
                                       GError **error);

char *channels_ctl_check_quote (const char *path);

char *channels_ctl_check_command (const char *command, const char *path);

char *channels_ctl_check_install_remedy (void);

char *channels_ctl_check_find_credentials (void);

char *channels_ctl_check_find_runtime_directory (void);

char *channels_ctl_check_make_runtime_remedy (void);

const char *channels_ctl_check_get_config_file (const ChannelsCtlDoctor *doctor);

G_END_DECLS
