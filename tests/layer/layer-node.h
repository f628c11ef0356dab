/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-layer.h"

G_BEGIN_DECLS

/* A call to a layer that ends later, and how it ended. */
typedef struct
{
  guint n_calls; /* of the callback */
  gboolean succeeded;
  guint remotes; /* of a send that succeeded */
  GError *error; /* (owned) (nullable) */
} LayerOutcome;

/* What a node heard from another. */
typedef struct
{
  char *group;          /* (owned) (nullable): which group it was sent to, or */
  char *channel;        /* (owned) (nullable): which channel */
  ChannelsEvent *event; /* (owned) */
} LayerHeard;

/* A node of a layer under test, and what it heard. */
typedef struct
{
  ChannelsLayer *layer; /* (owned) (nullable): `NULL` once stopped */
  char *prefix;         /* (owned): of its channels */
  GPtrArray *heard; /* (element-type LayerHeard) (owned): in order, without probes and markers */
  guint n_markers;  /* heard, see layer_nodes_settle() */
  guint n_changes;  /* of its state */
} LayerNode;

void layer_outcome_clear (LayerOutcome *self);

/* Callbacks of a send and of a stop; their user_data is a #LayerOutcome. */
void layer_sent_cb (GObject *source, GAsyncResult *result, gpointer user_data);
void layer_stopped_cb (GObject *source, GAsyncResult *result, gpointer user_data);

/* @layer: (transfer full); @prefix is copied. */
LayerNode *layer_node_new (ChannelsLayer *layer, const char *prefix);

/* Stops it in an orderly way, if it has not been, and proves that it lets go of all it holds. */
void layer_node_free (LayerNode *self);

void layer_node_stop (LayerNode *self);

gboolean layer_node_is_up (LayerNode *self);

/* Sends and waits until that has ended well. Returns how many nodes it was handed to. */
guint layer_node_send (LayerNode *self, const char *group, ChannelsEvent *event);

/* Sends, as the first two ways do, and waits until that has ended somehow. */
void layer_node_send_to_group (LayerNode *self,
                               const char *group,
                               ChannelsEvent *event,
                               LayerOutcome *outcome);
void layer_node_send_to_channel (LayerNode *self,
                                 const char *channel,
                                 ChannelsEvent *event,
                                 LayerOutcome *outcome);

/* Sends probes, which nodes do not write down, until exactly @n other nodes get them: a layer says
 * by nothing else that a node has joined or left. */
void layer_node_wait_for_remotes (LayerNode *self, const char *group, guint n);

/* How often it heard exactly this. */
guint layer_node_count (LayerNode *self, const char *group, ChannelsEvent *event);

/* Has each of @nodes join some groups that the next function needs, and waits until all are in. */
void layer_nodes_join_markers (LayerNode *const *nodes, guint n_nodes);

/* Sends markers to all others, and waits until they are there: what @from sent before, and knows to
 * have been handed over, has then arrived wherever it goes. */
void layer_nodes_settle (LayerNode *const *nodes, guint n_nodes, LayerNode *from);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LayerOutcome, layer_outcome_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LayerNode, layer_node_free)

G_END_DECLS
