/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

#include "channels-layer-bounds.h"
#include "channels-limits.h"
#include "channels-router.h"

G_BEGIN_DECLS

#define CHANNELS_CONFIG_SIZE_MAX ((gsize) 1024 * 1024)     /* bytes of a configuration file */
#define CHANNELS_CONFIG_ITEMS_MAX CHANNELS_LAYER_ITEMS_MAX /* of a list */
#define CHANNELS_CONFIG_ROUTES_MAX 256

/**
 * ChannelsConfigListen:
 * @address: (owned): `127.0.0.1` or `::1`
 * @port: the port, 0 for any that is free
 * @optional: whether a machine may lack the address: only `::1`, and only where nobody asked for it
 *
 * Where browsers are listened to.
 */
typedef struct
{
  char *address;
  guint16 port;
  gboolean optional;
} ChannelsConfigListen;

/**
 * ChannelsConfigBackend:
 * @CHANNELS_CONFIG_BACKEND_MEMORY: `memory`
 * @CHANNELS_CONFIG_BACKEND_REDIS: `redis`
 * @CHANNELS_CONFIG_BACKEND_REDIS_PUBSUB: `redis-pubsub`
 *
 * The channel layer.
 */
typedef enum
{
  CHANNELS_CONFIG_BACKEND_MEMORY,
  CHANNELS_CONFIG_BACKEND_REDIS,
  CHANNELS_CONFIG_BACKEND_REDIS_PUBSUB,
} ChannelsConfigBackend;

/**
 * ChannelsConfigCapacity:
 * @pattern: (owned): channels' names, with the wildcards of a shell
 * @capacity: messages that such a channel holds
 *
 * One item of `ChannelCapacity=`.
 */
typedef struct
{
  char *pattern;
  guint capacity;
} ChannelsConfigCapacity;

/**
 * ChannelsConfigLayer:
 * @backend: which layer
 * @hosts: (owned) (array zero-terminated=1): URLs of Redis servers, in ring order; may have
 * passwords
 * @prefix: (owned): what each key begins with
 * @expiry: seconds that a message is kept
 * @group_expiry: seconds that a membership is kept
 * @capacity: messages that a channel holds
 * @channel_capacities: (owned) (element-type ChannelsConfigCapacity): exceptions, first match wins
 * @encryption_keys: (owned) (array zero-terminated=1): secrets; the first encrypts, all decrypt
 * @password: (owned) (nullable): a secret, for the hosts whose URL has none
 *
 * `[Layer]`, named as channels_redis names it.
 */
typedef struct
{
  ChannelsConfigBackend backend;
  char **hosts;
  char *prefix;
  guint expiry;
  guint group_expiry;
  guint capacity;
  GPtrArray *channel_capacities;
  char **encryption_keys;
  char *password;
} ChannelsConfigLayer;

/**
 * ChannelsConfigOverrides:
 * @listen: (nullable) (array zero-terminated=1): each `--listen`
 * @layer: (nullable): `--layer`
 * @redis: (nullable) (array zero-terminated=1): each `--redis`
 *
 * What the command line has to say: each beats the file's key. All are borrowed.
 */
typedef struct
{
  const char *const *listen;
  const char *layer;
  const char *const *redis;
} ChannelsConfigOverrides;

typedef struct _ChannelsConfig ChannelsConfig;

char *channels_config_find_file (void);

char *channels_config_get_user_file (void);

ChannelsConfig *channels_config_load (const char *path,
                                      const ChannelsConfigOverrides *overrides,
                                      GPtrArray *mistakes);

ChannelsConfig *channels_config_load_from_data (const char *data,
                                                gsize length,
                                                const char *name,
                                                const ChannelsConfigOverrides *overrides,
                                                GPtrArray *mistakes);

ChannelsConfig *channels_config_ref (ChannelsConfig *self);

void channels_config_unref (ChannelsConfig *self);

guint channels_config_get_n_listen (const ChannelsConfig *self);

const ChannelsConfigListen *channels_config_get_listen (const ChannelsConfig *self, guint index);

const char *const *channels_config_get_allowed_origins (const ChannelsConfig *self);

const char *const *channels_config_get_allowed_hosts (const ChannelsConfig *self);

gboolean channels_config_get_allow_other_users (const ChannelsConfig *self);

gint64 channels_config_get_idle_timeout (const ChannelsConfig *self, gboolean activated);

const ChannelsLimits *channels_config_get_limits (const ChannelsConfig *self);

ChannelsRouter *channels_config_get_router (const ChannelsConfig *self);

const ChannelsConfigLayer *channels_config_get_layer (const ChannelsConfig *self);

char *channels_config_name_layer (const ChannelsConfig *self);

gboolean channels_config_has_secrets (const ChannelsConfig *self);

gboolean channels_config_listens_as (const ChannelsConfig *self, const ChannelsConfig *other);

gboolean channels_config_has_layer_of (const ChannelsConfig *self, const ChannelsConfig *other);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsConfig, channels_config_unref)

G_END_DECLS
