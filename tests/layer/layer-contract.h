/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-layer.h"

G_BEGIN_DECLS

/**
 * LayerContractFactory:
 * @name: the backend's name, as `Backend=` has it
 * @max_nodes: how many nodes of one layer it can make, 1 or more
 * @new_node: makes one more node of the same layer
 *
 * How the suite comes by the layer that it tests.
 */
typedef struct
{
  const char *name;
  guint max_nodes;
  ChannelsLayer *(*new_node) (void);
} LayerContractFactory;

void layer_contract_add_tests (const LayerContractFactory *factory);

G_END_DECLS
