/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "layer-node.h"

#include "channels-test-wait.h"

#include <string.h>

/* Types of events that are about the tests. */
#define PROBE "layer.probe"
#define MARKER "layer.marker"

/* Groups of a marker: so many that each host and connection of a layer carries some of them. */
#define N_MARKER_GROUPS 4

static void
heard_free (LayerHeard *heard)
{
  g_free (heard->group);
  g_free (heard->channel);
  channels_event_unref (heard->event);
  g_free (heard);
}

void
layer_outcome_clear (LayerOutcome *self)
{
  g_clear_error (&self->error);
}

void
layer_sent_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LayerOutcome *outcome = user_data;

  outcome->n_calls++;
  g_assert_cmpuint (outcome->n_calls, ==, 1);
  outcome->succeeded = channels_layer_send_finish (CHANNELS_LAYER (source), result,
                                                   &outcome->remotes, &outcome->error);
  g_assert_true (outcome->succeeded == (outcome->error == NULL));
}

void
layer_stopped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LayerOutcome *outcome = user_data;

  outcome->n_calls++;
  g_assert_cmpuint (outcome->n_calls, ==, 1);
  outcome->succeeded =
      channels_layer_stop_finish (CHANNELS_LAYER (source), result, &outcome->error);
  g_assert_true (outcome->succeeded == (outcome->error == NULL));
}

static gboolean
is_marker_group (const char *group)
{
  return g_str_has_prefix (group, "marker-");
}

static char *
make_marker_group (guint i)
{
  return g_strdup_printf ("marker-%u", i);
}

static ChannelsEvent *
make_event (const char *type)
{
  GVariantDict dictionary;
  g_autoptr (GError) error = NULL;
  ChannelsEvent *event;

  g_variant_dict_init (&dictionary, NULL);
  g_variant_dict_insert (&dictionary, "type", "s", type);
  event = channels_event_new_from_variant (g_variant_dict_end (&dictionary), 2, &error);
  g_assert_no_error (error);

  return event;
}

static void
take_event (LayerNode *self, const char *group, const char *channel, ChannelsEvent *event)
{
  LayerHeard *heard;

  if (strcmp (channels_event_get_event_type (event), PROBE) == 0)
    return;

  if (group != NULL && is_marker_group (group))
    {
      self->n_markers++;
      return;
    }

  heard = g_new0 (LayerHeard, 1);
  heard->group = g_strdup (group);
  heard->channel = g_strdup (channel);
  heard->event = channels_event_ref (event);
  g_ptr_array_add (self->heard, heard);
}

static void
on_group_event (ChannelsLayer *layer, const char *group, ChannelsEvent *event, LayerNode *self)
{
  take_event (self, group, NULL, event);
}

static void
on_channel_event (ChannelsLayer *layer, const char *channel, ChannelsEvent *event, LayerNode *self)
{
  take_event (self, NULL, channel, event);
}

static void
on_state_changed (ChannelsLayer *layer, LayerNode *self)
{
  self->n_changes++;
}

LayerNode *
layer_node_new (ChannelsLayer *layer, const char *prefix)
{
  LayerNode *self = g_new0 (LayerNode, 1);

  self->layer = layer;
  self->prefix = g_strdup (prefix);
  self->heard = g_ptr_array_new_with_free_func ((GDestroyNotify) heard_free);
  g_signal_connect (layer, "group-event", G_CALLBACK (on_group_event), self);
  g_signal_connect (layer, "channel-event", G_CALLBACK (on_channel_event), self);
  g_signal_connect (layer, "state-changed", G_CALLBACK (on_state_changed), self);

  return self;
}

void
layer_node_free (LayerNode *self)
{
  if (self->layer != NULL)
    layer_node_stop (self);

  g_free (self->prefix);
  g_ptr_array_unref (self->heard);
  g_free (self);
}

void
layer_node_stop (LayerNode *self)
{
  g_auto (LayerOutcome) stop = { 0 };

  channels_layer_stop (self->layer, NULL, layer_stopped_cb, &stop);
  g_assert_cmpuint (stop.n_calls, ==, 0);
  channels_test_wait_until (stop.n_calls > 0);
  g_assert_no_error (stop.error);

  g_assert_finalize_object (G_OBJECT (g_steal_pointer (&self->layer)));
}

gboolean
layer_node_is_up (LayerNode *self)
{
  return channels_layer_get_state (self->layer) == CHANNELS_LAYER_STATE_UP;
}

void
layer_node_send_to_group (LayerNode *self,
                          const char *group,
                          ChannelsEvent *event,
                          LayerOutcome *outcome)
{
  channels_layer_send_to_group (self->layer, group, event, NULL, layer_sent_cb, outcome);
  g_assert_cmpuint (outcome->n_calls, ==, 0);
  channels_test_wait_until (outcome->n_calls > 0);
}

void
layer_node_send_to_channel (LayerNode *self,
                            const char *channel,
                            ChannelsEvent *event,
                            LayerOutcome *outcome)
{
  channels_layer_send_to_channel (self->layer, channel, event, NULL, layer_sent_cb, outcome);
  g_assert_cmpuint (outcome->n_calls, ==, 0);
  channels_test_wait_until (outcome->n_calls > 0);
}

guint
layer_node_send (LayerNode *self, const char *group, ChannelsEvent *event)
{
  g_auto (LayerOutcome) send = { 0 };

  layer_node_send_to_group (self, group, event, &send);
  g_assert_no_error (send.error);

  return send.remotes;
}

static guint
count_remotes (LayerNode *self, const char *group, ChannelsEvent *probe)
{
  g_auto (LayerOutcome) send = { .remotes = G_MAXUINT };

  layer_node_send_to_group (self, group, probe, &send);

  return send.remotes;
}

void
layer_node_wait_for_remotes (LayerNode *self, const char *group, guint n)
{
  g_autoptr (ChannelsEvent) probe = make_event (PROBE);

  channels_test_wait_until (count_remotes (self, group, probe) == n);
}

guint
layer_node_count (LayerNode *self, const char *group, ChannelsEvent *event)
{
  GVariant *expected = channels_event_get_variant (event);
  guint n = 0;

  for (guint i = 0; i < self->heard->len; i++)
    {
      const LayerHeard *heard = g_ptr_array_index (self->heard, i);

      n += g_strcmp0 (heard->group, group) == 0 &&
           g_variant_equal (channels_event_get_variant (heard->event), expected);
    }

  return n;
}

void
layer_nodes_join_markers (LayerNode *const *nodes, guint n_nodes)
{
  for (guint i = 0; i < N_MARKER_GROUPS; i++)
    {
      g_autofree char *group = make_marker_group (i);

      for (guint node = 0; node < n_nodes; node++)
        channels_layer_join (nodes[node]->layer, group);
      layer_node_wait_for_remotes (nodes[0], group, n_nodes - 1);
      if (n_nodes > 1)
        layer_node_wait_for_remotes (nodes[1], group, n_nodes - 1);
    }
}

void
layer_nodes_settle (LayerNode *const *nodes, guint n_nodes, LayerNode *from)
{
  g_autoptr (ChannelsEvent) marker = make_event (MARKER);
  g_autofree guint *n_before = g_new (guint, n_nodes);
  guint n_others = 0;

  for (guint i = 0; i < n_nodes; i++)
    {
      n_before[i] = nodes[i]->n_markers;
      n_others += nodes[i] != from && nodes[i]->layer != NULL;
    }

  for (guint i = 0; i < N_MARKER_GROUPS; i++)
    {
      g_autofree char *group = make_marker_group (i);

      g_assert_cmpuint (layer_node_send (from, group, marker), ==, n_others);
    }

  for (guint i = 0; i < n_nodes; i++)
    {
      if (nodes[i] != from && nodes[i]->layer != NULL)
        channels_test_wait_until (nodes[i]->n_markers == n_before[i] + N_MARKER_GROUPS);
    }
}
