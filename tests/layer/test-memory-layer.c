/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-memory-layer.h"

#include "layer-contract.h"

static ChannelsLayer *
make_node (const char *layer, const char *node_prefix, gconstpointer data)
{
  return channels_memory_layer_new ();
}

/* A node with the memory layer is alone: it has the contract of one node. */
static const LayerContractFactory memory = {
  .name = "memory",
  .backend = "memory",
  .max_nodes = 1,
  .new_node = make_node,
};

static void
test_memory_layer_needs_no_time (void)
{
  g_autoptr (ChannelsLayer) layer = channels_memory_layer_new ();

  g_test_summary ("The memory layer is up from the first moment");

  g_assert_cmpint (channels_layer_get_state (layer), ==, CHANNELS_LAYER_STATE_UP);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/memory-layer/up-at-once", test_memory_layer_needs_no_time);
  layer_contract_add_tests (&memory);

  return g_test_run ();
}
