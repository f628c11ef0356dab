/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _ChannelsCtlTable ChannelsCtlTable;

/**
 * ChannelsCtlAlign:
 * @CHANNELS_CTL_ALIGN_LEFT: words
 * @CHANNELS_CTL_ALIGN_RIGHT: numbers
 *
 * On which side of a column its cells stand.
 */
typedef enum
{
  CHANNELS_CTL_ALIGN_LEFT,
  CHANNELS_CTL_ALIGN_RIGHT,
} ChannelsCtlAlign;

ChannelsCtlTable *channels_ctl_table_new (const ChannelsCtlAlign *columns, guint n_columns);

void channels_ctl_table_free (ChannelsCtlTable *self);

void channels_ctl_table_add_row (ChannelsCtlTable *self, const char *const *cells);

char *channels_ctl_table_to_text (ChannelsCtlTable *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsCtlTable, channels_ctl_table_free)

G_END_DECLS
