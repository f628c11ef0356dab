/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-layer.h"

G_BEGIN_DECLS

/**
 * LayerContractFactory:
 * @name: what its tests are called
 * @backend: the backend's name, as `Backend=` has it
 * @max_nodes: how many nodes of one layer it can make, 1 or more
 * @fills_queues: it cannot tell a channel of nobody's from one whose node is slow: an event to
 * either waits in a queue of Redis for somebody to empty it. A layer that has no such queues knows
 * that nobody took the event, and says so
 * @new_node: makes one more node of the layer called `layer`, whose channels begin with
 * `node_prefix`; layers of different names have nothing to do with each other
 * @data: passed to @new_node
 *
 * How the suite comes by the layer that it tests. No queue of it may be full with fewer than 1,000
 * events.
 */
typedef struct
{
  const char *name;
  const char *backend;
  guint max_nodes;
  gboolean fills_queues;
  ChannelsLayer *(*new_node) (const char *layer, const char *node_prefix, gconstpointer data);
  gconstpointer data; /* (unowned) */
} LayerContractFactory;

void layer_contract_add_tests (const LayerContractFactory *factory);

G_END_DECLS
