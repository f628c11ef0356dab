/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _ChannelsDeadline ChannelsDeadline;

/**
 * ChannelsDeadlineFunc:
 * @deadline: what is due, no longer pending; it may be set again, or freed
 * @now: µs, monotonic
 */
typedef void (*ChannelsDeadlineFunc) (ChannelsDeadline *deadline, gint64 now);

/**
 * ChannelsDeadline:
 * @due: µs, monotonic
 * @func: what is called then
 *
 * One moment at which something is to be looked at; lies inside the struct of whom it concerns.
 */
struct _ChannelsDeadline
{
  gint64 due;
  ChannelsDeadlineFunc func;
  GSequenceIter *iter; /* (nullable): its place while pending */
};

typedef struct _ChannelsDeadlines ChannelsDeadlines;

ChannelsDeadlines *channels_deadlines_new (void);

void channels_deadlines_free (ChannelsDeadlines *self);

void channels_deadlines_set (ChannelsDeadlines *self, ChannelsDeadline *deadline, gint64 due);

void channels_deadlines_clear (ChannelsDeadlines *self, ChannelsDeadline *deadline);

gint64 channels_deadlines_get_next (ChannelsDeadlines *self);

void channels_deadlines_run (ChannelsDeadlines *self, gint64 now);

GSource *channels_deadlines_get_source (ChannelsDeadlines *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsDeadlines, channels_deadlines_free)

G_END_DECLS
