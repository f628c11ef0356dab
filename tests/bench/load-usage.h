/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What processes have used up to a moment, all their threads together. */
typedef struct
{
  gint64 time;     /* ns, monotonic: the moment */
  gint64 cpu;      /* ns */
  gint64 switches; /* voluntary: the times that a thread went to sleep */
  gint64 rss;      /* bytes of memory, now */
  gint64 own_cpu;  /* ns: of this process */
} LoadUsage;

gint64 load_now (void);

/* @pids: (element-type int) */
void load_usage_take (LoadUsage *self, const GArray *pids);

/* What was used from @since to @self; the memory is the growth. */
LoadUsage load_usage_since (const LoadUsage *self, const LoadUsage *since);

G_END_DECLS
