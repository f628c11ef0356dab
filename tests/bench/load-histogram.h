/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define LOAD_HISTOGRAM_STEPS 32u /* an octave: what is read is at most 1/32 too small */
#define LOAD_HISTOGRAM_OCTAVES 60u

/* Counts of times, in ns, each in its step. A plain value; all zero is empty. */
typedef struct
{
  guint64 counts[LOAD_HISTOGRAM_OCTAVES * LOAD_HISTOGRAM_STEPS];
  guint64 total;
  gint64 longest;
} LoadHistogram;

/* Inline: it is called for each delivery. Below 32 a step is one ns; from there on an octave has
 * 32 of them. */
static inline void
load_histogram_add (LoadHistogram *self, gint64 ns)
{
  guint64 value = (guint64) MAX (ns, 1);
  guint octave = 63 - (guint) __builtin_clzll (value);
  guint step = octave < 5 ? (guint) value
                          : (octave - 4) * LOAD_HISTOGRAM_STEPS +
                                (guint) ((value >> (octave - 5)) & (LOAD_HISTOGRAM_STEPS - 1));

  self->counts[step]++;
  self->total++;
  self->longest = MAX (self->longest, ns);
}

/* The time, in ns, that a @share (0 to 1) of all do not exceed by more than a step; 0 if empty. */
gint64 load_histogram_get (const LoadHistogram *self, double share);

G_END_DECLS
