/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

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
  gboolean check_config;
  gboolean verbose;
  gboolean version;
} ChannelsOptions;

gboolean channels_options_parse (ChannelsOptions *self, int *argc, char ***argv, GError **error);

void channels_options_clear (ChannelsOptions *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ChannelsOptions, channels_options_clear)

G_END_DECLS
