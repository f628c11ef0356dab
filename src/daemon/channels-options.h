/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-config.h"

G_BEGIN_DECLS

/**
 * ChannelsOptions:
 *
 * The command line of `channelsd`.
 */
typedef struct
{
  char *config_file; /* (owned) (nullable) */
  char **listen;     /* (owned) (nullable) */
  char *layer;       /* (owned) (nullable) */
  char **redis;      /* (owned) (nullable) */
  gboolean no_bus;
  gboolean activated;
  gboolean check_config;
  gboolean verbose;
  gboolean version;
} ChannelsOptions;

gboolean channels_options_parse (ChannelsOptions *self, int *argc, char ***argv, GError **error);

ChannelsConfig *channels_options_load_config (const ChannelsOptions *self, GPtrArray *mistakes);

ChannelsOptions *channels_options_copy (const ChannelsOptions *self);

void channels_options_free (ChannelsOptions *self);

void channels_options_clear (ChannelsOptions *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ChannelsOptions, channels_options_clear)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsOptions, channels_options_free)

G_END_DECLS
