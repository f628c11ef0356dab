/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ChannelsCtlGroupRate:
 * @group: its name
 * @members: here
 * @events: since it has members
 * @deliveries: likewise
 * @events_per_s: since the sample before
 * @deliveries_per_s: likewise
 *
 * A group at one moment.
 */
typedef struct
{
  char *group; /* (owned) */
  guint members;
  guint64 events;
  guint64 deliveries;
  double events_per_s;
  double deliveries_per_s;
} ChannelsCtlGroupRate;

/**
 * ChannelsCtlSample:
 * @time: µs, monotonic
 * @properties: (nullable): those of the service, an `a{sv}`; `NULL`: it does not run
 * @groups: (element-type ChannelsCtlGroupRate): the busiest first
 * @has_rates: there was a sample before
 *
 * The service at one moment.
 */
typedef struct
{
  gint64 time;
  GVariant *properties; /* (owned) */
  GPtrArray *groups;    /* (owned) */
  gboolean has_rates;
} ChannelsCtlSample;

ChannelsCtlSample *channels_ctl_sample_new (gint64 time,
                                            GVariant *properties,
                                            GVariant *statistics,
                                            const ChannelsCtlSample *before);

void channels_ctl_sample_free (ChannelsCtlSample *self);

char *channels_ctl_sample_to_text (const ChannelsCtlSample *self, guint *out_n_head);

GVariant *channels_ctl_sample_to_variant (const ChannelsCtlSample *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsCtlSample, channels_ctl_sample_free)

G_END_DECLS
