/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "layer-contract-cases.h"

#include "channels-error.h"
#include "channels-test-wait.h"

/* What one node can be asked for, with no other in sight. */

#define GROUP LAYER_CONTRACT_GROUP
#define NOBODY "specific.gone!abc"
#define MANY 1000

static void
sent_without_remotes_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LayerOutcome *outcome = user_data;

  outcome->n_calls++;
  outcome->succeeded =
      channels_layer_send_finish (CHANNELS_LAYER (source), result, NULL, &outcome->error);
}

static void
test_has_its_name (LayerContract *contract)
{
  g_test_summary ("A layer is called what the configuration calls it");

  g_assert_cmpstr (channels_layer_get_name (contract->nodes[0]->layer), ==,
                   contract->factory->backend);
}

static void
test_reaches_nobody (LayerContract *contract)
{
  g_auto (LayerOutcome) send = { .remotes = 5 };

  g_test_summary ("A send of a node that is alone ends once, later, and has reached no other");

  layer_node_send_to_group (contract->nodes[0], GROUP, contract->event, &send);
  layer_contract_settle (contract);

  g_assert_no_error (send.error);
  g_assert_true (send.succeeded);
  g_assert_cmpuint (send.remotes, ==, 0);
}

static void
test_knows_whether_others_may_come (LayerContract *contract)
{
  g_test_summary ("A layer that can have one node alone says so, and no other does");

  g_assert_cmpint (channels_layer_is_alone (contract->nodes[0]->layer), ==,
                   contract->factory->max_nodes == 1);
}

static void
test_brings_nothing_back (LayerContract *contract)
{
  g_test_summary ("What a node sends to a group that it is in does not come back to it");

  channels_layer_join (contract->nodes[0]->layer, GROUP);
  g_assert_cmpuint (layer_node_send (contract->nodes[0], GROUP, contract->event), ==, 0);
  g_assert_cmpuint (layer_node_send (contract->nodes[0], GROUP, contract->event), ==, 0);
  layer_contract_settle (contract);

  g_assert_cmpuint (contract->nodes[0]->heard->len, ==, 0);
  g_assert_cmpuint (contract->nodes[0]->n_markers, ==, 0);
}

static void
test_takes_joins_and_leaves_in_turn (LayerContract *contract)
{
  LayerNode *node = contract->nodes[0];

  g_test_summary ("A group may be joined and left again and again, and many at the same time");

  for (guint i = 0; i < MANY; i++)
    {
      g_autofree char *group = g_strdup_printf ("room-%u", i);

      channels_layer_join (node->layer, group);
      channels_layer_leave (node->layer, group);
      channels_layer_join (node->layer, group);
    }

  layer_contract_settle (contract);
  g_assert_true (layer_node_is_up (node));
}

static void
test_nobody_needs_to_wait (LayerContract *contract)
{
  ChannelsLayer *layer = contract->nodes[0]->layer;

  g_test_summary ("Events are sent without a callback just as with one");

  channels_layer_send_to_group (layer, GROUP, contract->event, NULL, NULL, NULL);
  channels_layer_send_to_channel (layer, NOBODY, contract->event, NULL, NULL, NULL);

  layer_contract_settle (contract);
}

static void
test_nobody_needs_to_count (LayerContract *contract)
{
  g_auto (LayerOutcome) send = { 0 };

  g_test_summary ("The number of other nodes need not be asked for");

  channels_layer_send_to_group (contract->nodes[0]->layer, GROUP, contract->event, NULL,
                                sent_without_remotes_cb, &send);

  channels_test_wait_until (send.n_calls > 0);
  g_assert_no_error (send.error);
  g_assert_true (send.succeeded);
}

static void
test_says_when_it_was_cancelled (LayerContract *contract)
{
  g_auto (LayerOutcome) send = { .remotes = 5 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_test_summary ("A send whose sender waits no more ends once, with an error, and counts nothing");

  g_cancellable_cancel (cancellable);
  channels_layer_send_to_group (contract->nodes[0]->layer, GROUP, contract->event, cancellable,
                                layer_sent_cb, &send);
  g_assert_cmpuint (send.n_calls, ==, 0);

  channels_test_wait_until (send.n_calls > 0);
  layer_contract_settle (contract);
  g_assert_error (send.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (send.remotes, ==, 5);
}

static void
test_knows_no_channel_that_is_nobodys (LayerContract *contract)
{
  g_auto (LayerOutcome) send = { .remotes = 5 };

  g_test_summary ("A channel of no node is an error that is told once, later");

  layer_node_send_to_channel (contract->nodes[0], NOBODY, contract->event, &send);
  layer_contract_settle (contract);

  g_assert_error (send.error, CHANNELS_ERROR, CHANNELS_ERROR_NO_SUCH_CHANNEL);
  g_assert_cmpuint (send.remotes, ==, 5);
}

static void
test_queues_for_nobody (LayerContract *contract)
{
  g_auto (LayerOutcome) send = { 0 };

  g_test_summary ("A queue takes an event for a channel that may be nobody's");

  layer_node_send_to_channel (contract->nodes[0], NOBODY, contract->event, &send);
  layer_contract_settle (contract);

  g_assert_no_error (send.error);
  g_assert_cmpuint (send.remotes, ==, 1);
}

static void
test_stops_while_in_groups (LayerContract *contract)
{
  ChannelsLayer *layer = contract->nodes[0]->layer;

  g_test_summary ("A layer that is in groups, and has just sent, stops in an orderly way");

  channels_layer_join (layer, GROUP);
  channels_layer_send_to_group (layer, GROUP, contract->event, NULL, NULL, NULL);
}

const LayerContractCase layer_contract_alone[] = {
  { "name", 1, test_has_its_name, LAYER_CONTRACT_ALL },
  { "alone", 1, test_reaches_nobody, LAYER_CONTRACT_ALL },
  { "others", 1, test_knows_whether_others_may_come, LAYER_CONTRACT_ALL },
  { "nothing-back", 1, test_brings_nothing_back, LAYER_CONTRACT_ALL },
  { "join-leave", 1, test_takes_joins_and_leaves_in_turn, LAYER_CONTRACT_ALL },
  { "no-callback", 1, test_nobody_needs_to_wait, LAYER_CONTRACT_ALL },
  { "no-count", 1, test_nobody_needs_to_count, LAYER_CONTRACT_ALL },
  { "cancelled", 1, test_says_when_it_was_cancelled, LAYER_CONTRACT_ALL },
  { "no-such-channel", 1, test_knows_no_channel_that_is_nobodys, LAYER_CONTRACT_WITHOUT_QUEUES },
  { "queue-of-nobody", 1, test_queues_for_nobody, LAYER_CONTRACT_WITH_QUEUES },
  { "stop-in-groups", 1, test_stops_while_in_groups, LAYER_CONTRACT_ALL },
  { .name = NULL },
};
