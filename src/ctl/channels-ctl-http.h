/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ChannelsCtlHttp:
 * @status: such as 200
 * @policy: (nullable): the field `Content-Security-Policy`
 * @body: the start of what came, UTF-8
 *
 * An answer to a GET.
 */
typedef struct
{
  guint status;
  char *policy; /* (owned) */
  char *body;   /* (owned) */
} ChannelsCtlHttp;

gboolean channels_ctl_http_parse (const char *text, ChannelsCtlHttp *out_answer, GError **error);

gboolean channels_ctl_http_get (const char *page,
                                const char *path,
                                gint64 timeout,
                                ChannelsCtlHttp *out_answer,
                                GError **error);

void channels_ctl_http_clear (ChannelsCtlHttp *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ChannelsCtlHttp, channels_ctl_http_clear)

G_END_DECLS
