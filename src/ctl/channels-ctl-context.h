/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-dbus.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _ChannelsCtlContext ChannelsCtlContext;

ChannelsCtlContext *
channels_ctl_context_new (GInputStream *input, GOutputStream *output, GOutputStream *errors);

void channels_ctl_context_free (ChannelsCtlContext *self);

ChannelsDBusChannels *channels_ctl_context_get_proxy (ChannelsCtlContext *self, GError **error);

GVariant *channels_ctl_context_call (ChannelsCtlContext *self,
                                     const char *method,
                                     GVariant *arguments,
                                     const char *reply_type,
                                     GError **error);

GVariant *channels_ctl_context_get_properties (ChannelsCtlContext *self, GError **error);

GInputStream *channels_ctl_context_get_input (ChannelsCtlContext *self);

GOutputStream *channels_ctl_context_get_output (ChannelsCtlContext *self);

char *channels_ctl_context_read (ChannelsCtlContext *self, gsize *out_length, GError **error);

gboolean channels_ctl_context_print (ChannelsCtlContext *self, const char *text, GError **error);

gboolean
channels_ctl_context_print_json (ChannelsCtlContext *self, GVariant *value, GError **error);

void channels_ctl_context_report (ChannelsCtlContext *self, const char *format, ...)
    G_GNUC_PRINTF (2, 3);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsCtlContext, channels_ctl_context_free)

G_END_DECLS
