/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-door.h"
#include "channels-rate.h"

G_BEGIN_DECLS

/* Refusals that are written to the journal: so many at once, then so many a second. */
#define CHANNELS_REFUSALS_BURST 10
#define CHANNELS_REFUSALS_PER_SECOND 1

/**
 * ChannelsRefusals:
 *
 * What the journal says of who was not let in. A plain value; see `channels-refusals.c`.
 */
typedef struct
{
  ChannelsRate rate;
  guint left_out; /* since the last that was written */
} ChannelsRefusals;

void channels_refusals_init (ChannelsRefusals *self, gint64 now);

void channels_refusals_log (ChannelsRefusals *self,
                            const ChannelsVisitor *visitor,
                            const GError *error,
                            gint64 now);

G_END_DECLS
