/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-bus-list.h"

#include <string.h>

/* What the methods that list answer. */

static void
add_group (const char *group, guint size, gpointer user_data)
{
  GPtrArray *groups = user_data;

  g_ptr_array_add (groups, g_variant_ref_sink (g_variant_new ("(su)", group, size)));
}

static int
compare_groups (gconstpointer a, gconstpointer b)
{
  const char *name_a;
  const char *name_b;

  g_variant_get_child (*(GVariant **) a, 0, "&s", &name_a);
  g_variant_get_child (*(GVariant **) b, 0, "&s", &name_b);

  return strcmp (name_a, name_b);
}

/**
 * channels_bus_list_groups:
 * @hub: the node
 *
 * Returns: (transfer floating): `a(su)`: each group that has members here, by name
 */
GVariant *
channels_bus_list_groups (ChannelsHub *hub)
{
  g_autoptr (GPtrArray) groups = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);

  channels_hub_list_groups (hub, add_group, groups);
  g_ptr_array_sort (groups, compare_groups);

  return g_variant_new_array (G_VARIANT_TYPE ("(su)"), (GVariant **) groups->pdata, groups->len);
}

typedef struct
{
  ChannelsHub *hub; /* (unowned) */
  GVariantBuilder statistics;
} Statistics;

static void
add_statistics (const char *group, guint size, gpointer user_data)
{
  Statistics *self = user_data;
  ChannelsHubCounts counts;

  channels_hub_get_counts (self->hub, group, &counts);
  g_variant_builder_add (&self->statistics, "(sutt)", group, size, counts.events,
                         counts.deliveries);
}

/**
 * channels_bus_list_statistics:
 * @hub: the node
 *
 * Returns: (transfer floating): `a(sutt)`: each group that has members here, in no order: its name,
 * its members here, and what has been sent to it
 */
GVariant *
channels_bus_list_statistics (ChannelsHub *hub)
{
  Statistics self = { .hub = hub };

  g_variant_builder_init (&self.statistics, G_VARIANT_TYPE ("a(sutt)"));
  channels_hub_list_groups (hub, add_statistics, &self);

  return g_variant_builder_end (&self.statistics);
}

static void
add_member (const char *channel, const char *kind, gint64 joined, gpointer user_data)
{
  GVariantBuilder *members = user_data;

  g_variant_builder_add (members, "(ssx)", channel, kind, joined);
}

/**
 * channels_bus_list_members:
 * @hub: the node
 * @group: a group's name
 *
 * Returns: (transfer floating): `a(ssx)`: each member that it has here
 */
GVariant *
channels_bus_list_members (ChannelsHub *hub, const char *group)
{
  g_auto (GVariantBuilder) members = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(ssx)"));

  channels_hub_list_members (hub, group, add_member, &members);

  return g_variant_builder_end (&members);
}
