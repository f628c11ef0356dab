/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "layer-contract-cases.h"

#include "channels-names.h"
#include "channels-test-wait.h"

#include <string.h>

/* Who hears what: nodes that join, leave and stop. The first node sends, the others hear. */

#define GROUP LAYER_CONTRACT_GROUP
#define OTHER_GROUP "chat_other"
#define MANY 1000
#define SOME 100

static void
assert_heard (LayerNode *node, guint i, const char *group, ChannelsEvent *event)
{
  const LayerHeard *heard;

  g_assert_cmpuint (node->heard->len, >, i);
  heard = g_ptr_array_index (node->heard, i);
  g_assert_cmpstr (heard->group, ==, group);
  g_assert_null (heard->channel);
  g_assert_cmpvariant (channels_event_get_variant (heard->event),
                       channels_event_get_variant (event));
}

/* All nodes, and the sender as well where @whole, join a group. */
static void
join_all (LayerContract *contract, const char *group, gboolean whole)
{
  for (guint i = whole ? 0 : 1; i < contract->n_nodes; i++)
    channels_layer_join (contract->nodes[i]->layer, group);

  layer_node_wait_for_remotes (contract->nodes[0], group, contract->n_nodes - 1);
}

static void
test_remotes_are_exact (LayerContract *contract)
{
  LayerNode *sender = contract->nodes[0];

  g_test_summary ("A send tells the number of other nodes in the group: none, one, two, and back");

  g_assert_cmpuint (layer_node_send (sender, GROUP, contract->event), ==, 0);
  for (guint n = 1; n < contract->n_nodes; n++)
    {
      channels_layer_join (contract->nodes[n]->layer, GROUP);
      layer_node_wait_for_remotes (sender, GROUP, n);
      g_assert_cmpuint (layer_node_send (sender, GROUP, contract->event), ==, n);
    }

  channels_layer_join (sender->layer, GROUP);
  g_assert_cmpuint (layer_node_send (sender, GROUP, contract->event), ==, 2);
  layer_node_wait_for_remotes (contract->nodes[1], GROUP, 2);
  layer_contract_settle (contract); /* what is still under way to who leaves is nobody's */
  channels_layer_leave (contract->nodes[1]->layer, GROUP);
  layer_node_wait_for_remotes (sender, GROUP, 1);
  channels_layer_leave (contract->nodes[2]->layer, GROUP);
  layer_node_wait_for_remotes (sender, GROUP, 0);
  layer_contract_settle (contract);

  g_assert_cmpuint (sender->heard->len, ==, 0);
  g_assert_cmpuint (contract->nodes[1]->heard->len, ==, 3);
  g_assert_cmpuint (contract->nodes[2]->heard->len, ==, 2);
}

static void
test_who_left_hears_nothing (LayerContract *contract)
{
  LayerNode *sender = contract->nodes[0];

  g_test_summary ("Who has left a group hears no more of it, nor who never was in it");

  channels_layer_join (contract->nodes[1]->layer, GROUP);
  layer_node_wait_for_remotes (sender, GROUP, 1);
  g_assert_cmpuint (layer_node_send (sender, GROUP, contract->event), ==, 1);
  layer_contract_settle (contract);
  channels_layer_leave (contract->nodes[1]->layer, GROUP);
  layer_node_wait_for_remotes (sender, GROUP, 0);
  g_assert_cmpuint (layer_node_send (sender, GROUP, contract->event), ==, 0);
  layer_contract_settle (contract);

  g_assert_cmpuint (contract->nodes[1]->heard->len, ==, 1);
  g_assert_cmpuint (contract->nodes[2]->heard->len, ==, 0);
}

static void
test_late_event_after_leaving (LayerContract *contract)
{
  LayerNode *node = contract->nodes[1];
  LayerOutcome sends[SOME] = { 0 };
  guint n_heard;

  g_test_summary ("What is under way when a node leaves is not brought to it any more");

  join_all (contract, GROUP, FALSE);
  for (guint i = 0; i < SOME; i++)
    channels_layer_send_to_group (contract->nodes[0]->layer, GROUP, contract->event, NULL,
                                  layer_sent_cb, &sends[i]);
  channels_test_wait_until (node->heard->len > 0);
  n_heard = node->heard->len;
  channels_layer_leave (node->layer, GROUP);
  for (guint i = 0; i < SOME; i++)
    channels_test_wait_until (sends[i].n_calls > 0);
  layer_contract_settle (contract);

  g_assert_cmpuint (node->heard->len, ==, n_heard);
}

static void
test_joined_again_is_joined_once (LayerContract *contract)
{
  LayerNode *sender = contract->nodes[0];
  LayerNode *node = contract->nodes[1];

  g_test_summary ("Who joins, leaves and joins is in the group once, and out of it when it leaves");

  channels_layer_join (node->layer, GROUP);
  channels_layer_leave (node->layer, GROUP);
  channels_layer_join (node->layer, GROUP);
  layer_node_wait_for_remotes (sender, GROUP, 1);
  g_assert_cmpuint (layer_node_send (sender, GROUP, contract->event), ==, 1);
  layer_contract_settle (contract);
  g_assert_cmpuint (node->heard->len, ==, 1);

  channels_layer_leave (node->layer, GROUP);
  layer_node_wait_for_remotes (sender, GROUP, 0);
  channels_layer_join (node->layer, GROUP);
  layer_node_wait_for_remotes (sender, GROUP, 1);
  g_assert_cmpuint (layer_node_send (sender, GROUP, contract->event), ==, 1);
  layer_contract_settle (contract);
  g_assert_cmpuint (node->heard->len, ==, 2);
}

static void
test_groups_do_not_mix (LayerContract *contract)
{
  LayerNode *sender = contract->nodes[0];
  g_autoptr (ChannelsEvent) other = channels_event_new_chat_text ("to the other");

  g_test_summary ("An event is told with the group it was sent to, to its members alone");

  join_all (contract, GROUP, TRUE);
  channels_layer_join (contract->nodes[1]->layer, OTHER_GROUP);
  layer_node_wait_for_remotes (sender, OTHER_GROUP, 1);
  g_assert_cmpuint (layer_node_send (sender, GROUP, contract->event), ==, 2);
  g_assert_cmpuint (layer_node_send (sender, OTHER_GROUP, other), ==, 1);
  layer_contract_settle (contract);

  g_assert_cmpuint (sender->heard->len, ==, 0);
  g_assert_cmpuint (contract->nodes[1]->heard->len, ==, 2);
  g_assert_cmpuint (layer_node_count (contract->nodes[1], GROUP, contract->event), ==, 1);
  g_assert_cmpuint (layer_node_count (contract->nodes[1], OTHER_GROUP, other), ==, 1);
  g_assert_cmpuint (contract->nodes[2]->heard->len, ==, 1);
  assert_heard (contract->nodes[2], 0, GROUP, contract->event);
}

static void
assert_channel_reached (LayerContract *contract, const char *channel)
{
  g_auto (LayerOutcome) send = { 0 };
  LayerNode *node = contract->nodes[1];
  const LayerHeard *heard;

  g_ptr_array_set_size (node->heard, 0);
  layer_node_send_to_channel (contract->nodes[0], channel, contract->event, &send);
  g_assert_no_error (send.error);
  g_assert_cmpuint (send.remotes, ==, 1);
  layer_contract_settle (contract);

  g_assert_cmpuint (node->heard->len, ==, 1);
  heard = g_ptr_array_index (node->heard, 0);
  g_assert_null (heard->group);
  g_assert_cmpstr (heard->channel, ==, channel);
  g_assert_cmpvariant (channels_event_get_variant (heard->event),
                       channels_event_get_variant (contract->event));
}

static void
test_channel_is_one_nodes (LayerContract *contract)
{
  g_autofree char *channel = channels_channel_name_new (contract->nodes[1]->prefix);
  g_autofree char *other = channels_channel_name_new (contract->nodes[1]->prefix);

  g_test_summary ("An event to a channel reaches the node that has it, and nobody else");

  join_all (contract, GROUP, TRUE);
  assert_channel_reached (contract, channel);
  assert_channel_reached (contract, other);

  g_assert_cmpuint (contract->nodes[0]->heard->len, ==, 0);
  g_assert_cmpuint (contract->nodes[2]->heard->len, ==, 0);
}

static void
test_long_names (LayerContract *contract)
{
  g_autofree char *group = g_strnfill (CHANNELS_NAME_MAX, 'g');
  g_autofree char *almost = g_strnfill (CHANNELS_NAME_MAX - 1, 'g');
  g_autofree char *local =
      g_strnfill (CHANNELS_NAME_MAX - strlen (contract->nodes[1]->prefix), 'c');
  g_autofree char *channel = g_strconcat (contract->nodes[1]->prefix, local, NULL);

  g_test_summary ("Names may be as long as they can be");

  join_all (contract, group, TRUE);
  g_assert_cmpuint (layer_node_send (contract->nodes[0], group, contract->event), ==, 1);
  g_assert_cmpuint (layer_node_send (contract->nodes[0], almost, contract->event), ==, 0);
  layer_contract_settle (contract);
  g_assert_cmpuint (contract->nodes[1]->heard->len, ==, 1);
  assert_heard (contract->nodes[1], 0, group, contract->event);

  assert_channel_reached (contract, channel);
}

static void
test_many_groups (LayerContract *contract)
{
  LayerNode *sender = contract->nodes[0];
  LayerNode *node = contract->nodes[1];
  LayerOutcome sends[MANY] = { 0 };
  g_autoptr (GPtrArray) groups = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) events =
      g_ptr_array_new_with_free_func ((GDestroyNotify) channels_event_unref);

  g_test_summary ("A node may be in a thousand groups, and hears of each what was sent there");

  for (guint i = 0; i < MANY; i++)
    {
      g_ptr_array_add (groups, g_strdup_printf ("room-%u", i));
      g_ptr_array_add (events, layer_contract_make_event (i));
      channels_layer_join (node->layer, g_ptr_array_index (groups, i));
    }
  for (guint i = 0; i < MANY; i++)
    layer_node_wait_for_remotes (sender, g_ptr_array_index (groups, i), 1);

  for (guint i = 0; i < MANY; i++)
    channels_layer_send_to_group (sender->layer, g_ptr_array_index (groups, i),
                                  g_ptr_array_index (events, i), NULL, layer_sent_cb, &sends[i]);
  for (guint i = 0; i < MANY; i++)
    {
      channels_test_wait_until (sends[i].n_calls > 0);
      g_assert_no_error (sends[i].error);
      g_assert_cmpuint (sends[i].remotes, ==, 1);
    }
  layer_contract_settle (contract);

  g_assert_cmpuint (node->heard->len, ==, MANY);
  for (guint i = 0; i < MANY; i++)
    g_assert_cmpuint (
        layer_node_count (node, g_ptr_array_index (groups, i), g_ptr_array_index (events, i)), ==,
        1);

  for (guint i = 0; i < MANY; i++)
    channels_layer_leave (node->layer, g_ptr_array_index (groups, i));
  for (guint i = 0; i < MANY; i++)
    layer_node_wait_for_remotes (sender, g_ptr_array_index (groups, i), 0);
}

static void
test_who_stopped_is_no_remote (LayerContract *contract)
{
  LayerNode *sender = contract->nodes[0];

  g_test_summary ("A node that has stopped is counted no more from that moment on");

  join_all (contract, GROUP, FALSE);
  layer_node_stop (contract->nodes[1]);
  g_assert_cmpuint (layer_node_send (sender, GROUP, contract->event), ==, 1);
  layer_contract_settle (contract);

  g_assert_cmpuint (contract->nodes[1]->heard->len, ==, 0);
  g_assert_cmpuint (contract->nodes[2]->heard->len, ==, 1);
}

static void
test_sent_before_stop (LayerContract *contract)
{
  LayerOutcome sends[3] = { 0 };
  LayerNode *sender = contract->nodes[0];

  g_test_summary ("What was sent before a node stops has gone out");

  channels_layer_join (contract->nodes[1]->layer, GROUP);
  layer_node_wait_for_remotes (sender, GROUP, 1);
  for (guint i = 0; i < G_N_ELEMENTS (sends); i++)
    channels_layer_send_to_group (sender->layer, GROUP, contract->event, NULL, layer_sent_cb,
                                  &sends[i]);
  layer_node_stop (sender);

  for (guint i = 0; i < G_N_ELEMENTS (sends); i++)
    {
      g_assert_no_error (sends[i].error);
      g_assert_cmpuint (sends[i].remotes, ==, 1);
    }
  channels_test_wait_until (contract->nodes[1]->heard->len == G_N_ELEMENTS (sends));
}

const LayerContractCase layer_contract_groups[] = {
  { "remotes", 3, test_remotes_are_exact, LAYER_CONTRACT_ALL },
  { "left", 3, test_who_left_hears_nothing, LAYER_CONTRACT_ALL },
  { "left-meanwhile", 2, test_late_event_after_leaving, LAYER_CONTRACT_ALL },
  { "joined-again", 2, test_joined_again_is_joined_once, LAYER_CONTRACT_ALL },
  { "two-groups", 3, test_groups_do_not_mix, LAYER_CONTRACT_ALL },
  { "channel", 3, test_channel_is_one_nodes, LAYER_CONTRACT_ALL },
  { "long-names", 2, test_long_names, LAYER_CONTRACT_ALL },
  { "many-groups", 2, test_many_groups, LAYER_CONTRACT_ALL },
  { "sent-before-stop", 2, test_sent_before_stop, LAYER_CONTRACT_ALL },
  { "stopped", 3, test_who_stopped_is_no_remote, LAYER_CONTRACT_ALL },
  { .name = NULL },
};
