/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ChannelsRate:
 *
 * A token bucket: so many a second, and so many at once.
 *
 * Time is an argument (µs, monotonic), so a test needs no clock. A plain value.
 */
typedef struct
{
  gint64 tokens;    /* millionths of a token */
  gint64 updated;   /* µs */
  guint per_second; /* 0: no limit */
  guint burst;
} ChannelsRate;

void channels_rate_init (ChannelsRate *self, guint per_second, guint burst, gint64 now);

gboolean channels_rate_take (ChannelsRate *self, gint64 now);

G_END_DECLS
