/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "layer-contract.h"
#include "layer-node.h"

G_BEGIN_DECLS

/* Inside the suite: what each of its cases is given. */

#define LAYER_CONTRACT_NODES_MAX 3
#define LAYER_CONTRACT_GROUP "chat_chat_room"

typedef struct
{
  const LayerContractFactory *factory;        /* (unowned) */
  LayerNode *nodes[LAYER_CONTRACT_NODES_MAX]; /* (owned): all up, and in no group of the case */
  guint n_nodes;
  ChannelsEvent *event; /* (owned): one as good as any */
} LayerContract;

/* On which layers a case runs. */
typedef enum
{
  LAYER_CONTRACT_ALL,
  LAYER_CONTRACT_WITH_QUEUES,
  LAYER_CONTRACT_WITHOUT_QUEUES,
} LayerContractScope;

typedef struct
{
  const char *name; /* `NULL` ends a table */
  guint n_nodes;
  void (*run) (LayerContract *contract);
  LayerContractScope scope;
} LayerContractCase;

extern const LayerContractCase layer_contract_alone[];
extern const LayerContractCase layer_contract_groups[];
extern const LayerContractCase layer_contract_events[];

/* Waits until what the first node sent before has arrived wherever it goes. */
void layer_contract_settle (LayerContract *contract);

/* An event that says @number. */
ChannelsEvent *layer_contract_make_event (guint number);

G_END_DECLS
