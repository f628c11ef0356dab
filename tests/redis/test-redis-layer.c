/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-layer.h"
#include "channels-redis-pubsub-layer.h"
#include "layer-contract.h"
#include "redis-fixture.h"
#include "redis-server.h"

#include "channels-test-wait.h"

/* The contract of a layer, kept by those on real Redis servers. */

#define HOSTS_MAX 2

/* More than any test of the suite has in a queue: what is over it is for another test. */
#define CAPACITY 100000

/* A layer to be made. */
typedef struct
{
  const char *name;
  const char *backend;
  gboolean fills_queues;
  ChannelsLayer *(*new_layer) (ChannelsRedisSettings *settings);
  guint n_hosts;
  const char *secret; /* (nullable): encrypts messages */
} Backend;

static ChannelsLayer *
new_core_layer (ChannelsRedisSettings *settings)
{
  return channels_redis_layer_new (settings, FALSE);
}

static const Backend backends[] = {
  { "redis", "redis", TRUE, new_core_layer, 1, NULL },
  { "redis-encrypted", "redis", TRUE, new_core_layer, 1, "hush" },
  { "redis-two-hosts", "redis", TRUE, new_core_layer, 2, NULL },
  { "redis-pubsub", "redis-pubsub", FALSE, channels_redis_pubsub_layer_new, 1, NULL },
  { "redis-pubsub-encrypted", "redis-pubsub", FALSE, channels_redis_pubsub_layer_new, 1, "hush" },
  { "redis-pubsub-two-hosts", "redis-pubsub", FALSE, channels_redis_pubsub_layer_new, 2, NULL },
};

/* Where it is made. */
typedef struct
{
  const Backend *backend;          /* (unowned) */
  RedisServer *servers[HOSTS_MAX]; /* (unowned) */
} Site;

static ChannelsLayer *
make_node (const char *layer, const char *node_prefix, gconstpointer data)
{
  const Site *site = data;
  ChannelsRedisSettings *settings = channels_redis_settings_new (node_prefix, layer);

  for (guint i = 0; i < site->backend->n_hosts; i++)
    {
      g_autofree char *url = g_strdup_printf ("redis://127.0.0.1:%u", site->servers[i]->port);

      redis_settings_add_url (settings, url);
    }
  if (site->backend->secret != NULL)
    channels_redis_settings_add_secret (settings, site->backend->secret);
  settings->capacity = CAPACITY;

  return site->backend->new_layer (settings);
}

int
main (int argc, char *argv[])
{
  g_autoptr (RedisServer) first = redis_server_new (NULL, NULL);
  g_autoptr (RedisServer) second = redis_server_new (NULL, NULL);
  Site sites[G_N_ELEMENTS (backends)];
  LayerContractFactory factories[G_N_ELEMENTS (backends)];

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (backends); i++)
    {
      sites[i] = (Site){ .backend = &backends[i], .servers = { first, second } };
      factories[i] = (LayerContractFactory){
        .name = backends[i].name,
        .backend = backends[i].backend,
        .max_nodes = G_MAXUINT,
        .fills_queues = backends[i].fills_queues,
        .new_node = make_node,
        .data = &sites[i],
      };
      layer_contract_add_tests (&factories[i]);
    }

  return g_test_run ();
}
