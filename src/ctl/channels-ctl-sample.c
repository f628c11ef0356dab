/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-sample.h"

#include "channels-ctl-table.h"
#include "channels-ctl-text.h"

#include <glib/gi18n.h>
#include <string.h>

static void
group_rate_free (gpointer data)
{
  ChannelsCtlGroupRate *self = data;

  g_free (self->group);
  g_free (self);
}

static int
compare (double a, double b)
{
  return (a > b) - (a < b);
}

/* The busiest first, and those that rest by name. */
static int
compare_rates (gconstpointer a, gconstpointer b)
{
  const ChannelsCtlGroupRate *x = *(ChannelsCtlGroupRate *const *) a;
  const ChannelsCtlGroupRate *y = *(ChannelsCtlGroupRate *const *) b;

  int by_deliveries = compare (y->deliveries_per_s, x->deliveries_per_s);
  int by_events = compare (y->events_per_s, x->events_per_s);

  return by_deliveries != 0 ? by_deliveries
         : by_events != 0   ? by_events
                            : strcmp (x->group, y->group);
}

/* What has been counted since the sample before; all of it where the count has begun anew. */
static double
get_rate (guint64 now, guint64 before, double seconds)
{
  return seconds > 0 ? (double) (now >= before ? now - before : now) / seconds : 0;
}

static void
add_rates (ChannelsCtlSample *self, const ChannelsCtlSample *before)
{
  g_autoptr (GHashTable) known = g_hash_table_new (g_str_hash, g_str_equal);
  double seconds = (double) (self->time - before->time) / G_USEC_PER_SEC;

  for (guint i = 0; i < before->groups->len; i++)
    {
      ChannelsCtlGroupRate *rate = g_ptr_array_index (before->groups, i);

      g_hash_table_insert (known, rate->group, rate);
    }

  for (guint i = 0; i < self->groups->len; i++)
    {
      ChannelsCtlGroupRate *rate = g_ptr_array_index (self->groups, i);
      const ChannelsCtlGroupRate *old = g_hash_table_lookup (known, rate->group);

      rate->events_per_s = get_rate (rate->events, old != NULL ? old->events : 0, seconds);
      rate->deliveries_per_s =
          get_rate (rate->deliveries, old != NULL ? old->deliveries : 0, seconds);
    }
}

/**
 * channels_ctl_sample_new:
 * @time: µs, monotonic
 * @properties: (nullable): of the service, an `a{sv}`; `NULL`: it does not run
 * @statistics: (nullable): what `ListStatistics` answers, `a(sutt)`
 * @before: (nullable): the sample before
 *
 * Returns: (transfer full): the service at @time; with rates, if it was there before
 */
ChannelsCtlSample *
channels_ctl_sample_new (gint64 time,
                         GVariant *properties,
                         GVariant *statistics,
                         const ChannelsCtlSample *before)
{
  ChannelsCtlSample *self = g_new0 (ChannelsCtlSample, 1);
  GVariantIter iter;
  ChannelsCtlGroupRate row = { 0 };

  self->time = time;
  self->properties = properties != NULL ? g_variant_ref (properties) : NULL;
  self->groups = g_ptr_array_new_with_free_func (group_rate_free);
  if (statistics != NULL)
    {
      g_variant_iter_init (&iter, statistics);
      while (g_variant_iter_next (&iter, "(sutt)", &row.group, &row.members, &row.events,
                                  &row.deliveries))
        g_ptr_array_add (self->groups, g_memdup2 (&row, sizeof row));
    }

  self->has_rates = properties != NULL && before != NULL && before->properties != NULL;
  if (self->has_rates)
    add_rates (self, before);
  g_ptr_array_sort (self->groups, compare_rates);

  return self;
}

/**
 * channels_ctl_sample_free:
 * @self: (transfer full): a sample
 */
void
channels_ctl_sample_free (ChannelsCtlSample *self)
{
  g_clear_pointer (&self->properties, g_variant_unref);
  g_ptr_array_unref (self->groups);
  g_free (self);
}

static guint
get_connections (const ChannelsCtlSample *self)
{
  guint connections = 0;

  g_variant_lookup (self->properties, "Connections", "u", &connections);

  return connections;
}

static const char *
get_word (const ChannelsCtlSample *self, const char *property)
{
  const char *word = "";

  g_variant_lookup (self->properties, property, "&s", &word);

  return word;
}

static void
add_up (const ChannelsCtlSample *self, double *out_events, double *out_deliveries)
{
  *out_events = 0;
  *out_deliveries = 0;

  for (guint i = 0; i < self->groups->len; i++)
    {
      const ChannelsCtlGroupRate *rate = g_ptr_array_index (self->groups, i);

      *out_events += rate->events_per_s;
      *out_deliveries += rate->deliveries_per_s;
    }
}

static char *
format_rate (const ChannelsCtlSample *self, double rate)
{
  if (!self->has_rates)
    return g_strdup ("–");

  return g_strdup_printf (rate > 0 && rate < 10 ? "%.1f" : "%.0f", rate);
}

static char *
make_head (const ChannelsCtlSample *self)
{
  g_autofree char *layer = channels_ctl_text_escape (get_word (self, "Layer"));
  g_autofree char *state = channels_ctl_text_escape (get_word (self, "LayerState"));
  g_autofree char *events_text = NULL;
  g_autofree char *deliveries_text = NULL;
  double events;
  double deliveries;

  add_up (self, &events, &deliveries);
  events_text = format_rate (self, events);
  deliveries_text = format_rate (self, deliveries);

  return g_strdup_printf (_ ("Connections: %u   Layer: %s (%s)   Events/s: %s   Deliveries/s: %s"),
                          get_connections (self), layer, state, events_text, deliveries_text);
}

static char *
make_table (const ChannelsCtlSample *self)
{
  static const ChannelsCtlAlign columns[] = { CHANNELS_CTL_ALIGN_LEFT, CHANNELS_CTL_ALIGN_RIGHT,
                                              CHANNELS_CTL_ALIGN_RIGHT, CHANNELS_CTL_ALIGN_RIGHT };
  const char *titles[] = { _ ("Group"), _ ("Members"), _ ("Events/s"), _ ("Deliveries/s") };
  g_autoptr (ChannelsCtlTable) table = channels_ctl_table_new (columns, G_N_ELEMENTS (columns));

  channels_ctl_table_add_row (table, titles);
  for (guint i = 0; i < self->groups->len; i++)
    {
      const ChannelsCtlGroupRate *rate = g_ptr_array_index (self->groups, i);
      g_autofree char *members = g_strdup_printf ("%u", rate->members);
      g_autofree char *events = format_rate (self, rate->events_per_s);
      g_autofree char *deliveries = format_rate (self, rate->deliveries_per_s);
      const char *cells[] = { rate->group, members, events, deliveries };

      channels_ctl_table_add_row (table, cells);
    }

  return channels_ctl_table_to_text (table);
}

/**
 * channels_ctl_sample_to_text:
 * @self: a sample
 * @out_n_head: (out): how many of the lines are no groups
 *
 * Returns: (transfer full): a table in the user's language, without control characters
 */
char *
channels_ctl_sample_to_text (const ChannelsCtlSample *self, guint *out_n_head)
{
  g_autofree char *head = NULL;
  g_autofree char *table = NULL;

  if (self->properties == NULL)
    {
      *out_n_head = 1;
      return g_strconcat (_ ("channelsd does not run"), "\n", NULL);
    }

  *out_n_head = 3;
  head = make_head (self);
  table = make_table (self);

  return g_strconcat (head, "\n\n", table, NULL);
}

static void
add_rate (GVariantBuilder *object, const char *key, double rate)
{
  g_variant_builder_add (object, "{sv}", key, g_variant_new_double (rate));
}

/**
 * channels_ctl_sample_to_variant:
 * @self: a sample
 *
 * Returns: (transfer floating): an `a{sv}`, for JSON
 */
GVariant *
channels_ctl_sample_to_variant (const ChannelsCtlSample *self)
{
  GVariantBuilder object = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  GVariantBuilder groups = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  double events;
  double deliveries;

  g_variant_builder_add (&object, "{sv}", "running",
                         g_variant_new_boolean (self->properties != NULL));
  if (self->properties == NULL)
    {
      g_variant_builder_clear (&groups);
      return g_variant_builder_end (&object);
    }

  for (guint i = 0; i < self->groups->len; i++)
    {
      const ChannelsCtlGroupRate *rate = g_ptr_array_index (self->groups, i);

      g_variant_builder_open (&groups, G_VARIANT_TYPE_VARDICT);
      g_variant_builder_add (&groups, "{sv}", "group", g_variant_new_string (rate->group));
      g_variant_builder_add (&groups, "{sv}", "members", g_variant_new_uint32 (rate->members));
      add_rate (&groups, "events_per_s", rate->events_per_s);
      add_rate (&groups, "deliveries_per_s", rate->deliveries_per_s);
      g_variant_builder_close (&groups);
    }

  add_up (self, &events, &deliveries);
  g_variant_builder_add (&object, "{sv}", "connections",
                         g_variant_new_uint32 (get_connections (self)));
  g_variant_builder_add (&object, "{sv}", "layer", g_variant_new_string (get_word (self, "Layer")));
  g_variant_builder_add (&object, "{sv}", "layer_state",
                         g_variant_new_string (get_word (self, "LayerState")));
  add_rate (&object, "events_per_s", events);
  add_rate (&object, "deliveries_per_s", deliveries);
  g_variant_builder_add (&object, "{sv}", "groups", g_variant_builder_end (&groups));

  return g_variant_builder_end (&object);
}
