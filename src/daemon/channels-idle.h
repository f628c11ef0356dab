/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _ChannelsIdle ChannelsIdle;

/**
 * ChannelsIdleFuncs:
 * @get_last_used: when somebody last needed the node, in µs; `G_MAXINT64` while somebody does
 * @pause: lets nobody in; returns `FALSE`, having changed nothing, where somebody stands outside
 * @resume: lets in again who comes
 * @release: gives up the name on the bus; channels_idle_released() follows, at once or later, when
 *   every call that was sent to it before is here
 * @regain: takes the name again; channels_idle_regained() follows
 * @end: ends the node
 *
 * What can be done with a node.
 */
typedef struct
{
  gint64 (*get_last_used) (gpointer user_data);
  gboolean (*pause) (gpointer user_data);
  void (*resume) (gpointer user_data);
  void (*release) (gpointer user_data);
  void (*regain) (gpointer user_data);
  void (*end) (gpointer user_data);
} ChannelsIdleFuncs;

ChannelsIdle *channels_idle_new (const ChannelsIdleFuncs *funcs, gpointer user_data);

void channels_idle_free (ChannelsIdle *self);

void channels_idle_start (ChannelsIdle *self, gint64 timeout, gint64 now);

void channels_idle_stop (ChannelsIdle *self);

void channels_idle_check (ChannelsIdle *self, gint64 now);

void channels_idle_released (ChannelsIdle *self, gint64 now);

void channels_idle_regained (ChannelsIdle *self, gboolean regained, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsIdle, channels_idle_free)

G_END_DECLS
