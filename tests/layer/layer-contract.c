/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "layer-contract.h"

#include "channels-names.h"
#include "channels-test-wait.h"
#include "layer-contract-cases.h"

/* What every layer owes to the hub, whatever carries its events: the same tests for all of them.
 * Each is registered only for layers that have the nodes it needs. Each has a layer of its own. */

/* One test. */
typedef struct
{
  const LayerContractFactory *factory;    /* (unowned) */
  const LayerContractCase *contract_case; /* (unowned) */
} Registration;

static LayerNode *
make_node (const LayerContractFactory *factory, const char *layer)
{
  g_autofree char *prefix = channels_node_prefix_new ();

  return layer_node_new (factory->new_node (layer, prefix, factory->data), prefix);
}

static void
run_case (gconstpointer data)
{
  const Registration *self = data;
  g_autofree char *layer = g_uuid_string_random ();
  LayerContract contract = { .factory = self->factory, .n_nodes = self->contract_case->n_nodes };

  contract.event = channels_event_new_chat_text ("hello");
  for (guint i = 0; i < contract.n_nodes; i++)
    contract.nodes[i] = make_node (self->factory, layer);
  for (guint i = 0; i < contract.n_nodes; i++)
    channels_test_wait_until (layer_node_is_up (contract.nodes[i]));
  layer_nodes_join_markers (contract.nodes, contract.n_nodes);

  self->contract_case->run (&contract);

  for (guint i = 0; i < contract.n_nodes; i++)
    layer_node_free (contract.nodes[i]);
  channels_event_unref (contract.event);
}

void
layer_contract_settle (LayerContract *contract)
{
  layer_nodes_settle (contract->nodes, contract->n_nodes, contract->nodes[0]);
}

ChannelsEvent *
layer_contract_make_event (guint number)
{
  g_autofree char *text = g_strdup_printf ("%u", number);

  return channels_event_new_chat_text (text);
}

static void
add_cases (const LayerContractFactory *factory, const LayerContractCase *cases)
{
  LayerContractScope other =
      factory->fills_queues ? LAYER_CONTRACT_WITHOUT_QUEUES : LAYER_CONTRACT_WITH_QUEUES;

  for (guint i = 0; cases[i].name != NULL; i++)
    {
      g_autofree char *path = g_strdup_printf ("/layer/%s/%s", factory->name, cases[i].name);
      Registration *registration;

      if (cases[i].n_nodes > factory->max_nodes || cases[i].scope == other)
        continue;

      registration = g_new0 (Registration, 1);
      registration->factory = factory;
      registration->contract_case = &cases[i];
      g_test_add_data_func_full (path, registration, run_case, g_free);
    }
}

/**
 * layer_contract_add_tests:
 * @factory: (transfer none): makes the layer; lives until the tests have run
 *
 * Registers every test that such a layer can be put to.
 */
void
layer_contract_add_tests (const LayerContractFactory *factory)
{
  add_cases (factory, layer_contract_alone);
  add_cases (factory, layer_contract_groups);
  add_cases (factory, layer_contract_events);
}
