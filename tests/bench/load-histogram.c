/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "load-histogram.h"

/* The least time of a step. */
static gint64
step_start (guint step)
{
  guint octave = step / LOAD_HISTOGRAM_STEPS;
  gint64 rest = step % LOAD_HISTOGRAM_STEPS;

  return octave == 0 ? rest : (LOAD_HISTOGRAM_STEPS + rest) << (octave - 1);
}

gint64
load_histogram_get (const LoadHistogram *self, double share)
{
  guint64 wanted = (guint64) (share * (double) self->total);
  guint64 below = 0;

  for (guint i = 0; i < G_N_ELEMENTS (self->counts); i++)
    {
      below += self->counts[i];
      if (below > wanted)
        return step_start (i);
    }

  return self->longest;
}
