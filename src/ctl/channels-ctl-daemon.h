/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ChannelsCtlDaemon:
 * @program: (nullable): the file that is run, absolute
 * @config: (nullable): `--config`
 * @listen: (nullable): `--listen`
 * @layer: (nullable): `--layer`
 * @redis: (nullable): `--redis`; there may be passwords in it
 *
 * How a channelsd was started, or would be.
 */
typedef struct
{
  char *program; /* (owned) */
  char *config;  /* (owned) */
  GStrv listen;  /* (owned) */
  char *layer;   /* (owned) */
  GStrv redis;   /* (owned) */
} ChannelsCtlDaemon;

void channels_ctl_daemon_init_from_process (ChannelsCtlDaemon *self, guint pid);

void channels_ctl_daemon_init_from_line (ChannelsCtlDaemon *self, const char *line);

void channels_ctl_daemon_clear (ChannelsCtlDaemon *self);

char *channels_ctl_daemon_find_config (const ChannelsCtlDaemon *self);

gboolean channels_ctl_daemon_may_find_config (const ChannelsCtlDaemon *self, guint pid);

G_END_DECLS
