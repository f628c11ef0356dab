/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _ChannelsCtlWriter ChannelsCtlWriter;

/**
 * ChannelsCtlWriterFunc:
 * @error: why nothing can be written any more: `G_IO_ERROR_BROKEN_PIPE` where the reader has gone,
 * `G_IO_ERROR_NO_SPACE` where too much waits for it, or what writing failed with
 * @user_data: what was given with it
 *
 * Called once. The writer may not be freed from here.
 */
typedef void (*ChannelsCtlWriterFunc) (const GError *error, gpointer user_data);

ChannelsCtlWriter *channels_ctl_writer_new (GOutputStream *stream,
                                            gsize budget,
                                            ChannelsCtlWriterFunc failed,
                                            gpointer user_data);

void channels_ctl_writer_free (ChannelsCtlWriter *self);

void channels_ctl_writer_push (ChannelsCtlWriter *self, const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsCtlWriter, channels_ctl_writer_free)

G_END_DECLS
