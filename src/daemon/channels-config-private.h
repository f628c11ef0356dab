/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-config.h"
#include "channels-mistakes.h"

G_BEGIN_DECLS

#define CHANNELS_CONFIG_GROUP_SERVER "Server"
#define CHANNELS_CONFIG_GROUP_LIMITS "Limits"
#define CHANNELS_CONFIG_GROUP_LAYER "Layer"

/* Between the values (channels-config.c), the keys that set them (channels-config-keys.c),
 * and the keyfile and options that the keys are read from (channels-config-apply.c). */
struct _ChannelsConfig
{
  gatomicrefcount ref_count;

  GPtrArray *listen; /* (owned) (element-type ChannelsConfigListen) at least one */
  char **origins;    /* (owned) those besides our own */
  char **hosts;      /* (owned) those besides our own */
  gboolean allow_other_users;
  int idle_timeout; /* seconds; 0: none; -1: as it was started */
  ChannelsLimits limits;
  ChannelsRouter *router; /* (owned) */
  ChannelsConfigLayer layer;
};

/**
 * ChannelsConfigSetFunc:
 * @self: a configuration in the making
 * @values: (array zero-terminated=1): of a list its items, otherwise exactly one
 * @place: where a mistake is told
 *
 * Sets what one key stands for. After a mistake @self may be freed, and nothing else.
 */
typedef void (*ChannelsConfigSetFunc) (ChannelsConfig *self,
                                       const char *const *values,
                                       const ChannelsPlace *place);

/**
 * ChannelsConfigKey:
 * @group: its group
 * @key: its name
 * @set: what sets it
 * @list: whether it has items, at most #CHANNELS_CONFIG_ITEMS_MAX
 * @minimum: how many items it has at least
 *
 * One key. Its texts live for ever.
 */
typedef struct
{
  const char *group;
  const char *key;
  ChannelsConfigSetFunc set;
  gboolean list;
  guint minimum;
} ChannelsConfigKey;

gboolean channels_config_get_key (guint index, ChannelsConfigKey *out_key);

void channels_config_set_defaults (ChannelsConfig *self);

void
channels_config_apply_groups (ChannelsConfig *self, GPtrArray *groups, ChannelsMistakes *mistakes);

void channels_config_apply_overrides (ChannelsConfig *self,
                                      const ChannelsConfigOverrides *overrides,
                                      ChannelsMistakes *mistakes);

void channels_config_check_listen (ChannelsConfig *self,
                                   GPtrArray *groups,
                                   gboolean from_option,
                                   ChannelsMistakes *mistakes);

G_END_DECLS
