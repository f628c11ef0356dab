/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-ctl-context.h"

G_BEGIN_DECLS

/**
 * ChannelsCtlCompletes:
 * @CHANNELS_CTL_COMPLETES_NOTHING: what nobody can guess
 * @CHANNELS_CTL_COMPLETES_GROUP: the name of a group
 * @CHANNELS_CTL_COMPLETES_COMMAND: the name of a sub-command
 * @CHANNELS_CTL_COMPLETES_DIRECTORY: a directory
 *
 * What the Tab key offers for an argument.
 */
typedef enum
{
  CHANNELS_CTL_COMPLETES_NOTHING,
  CHANNELS_CTL_COMPLETES_GROUP,
  CHANNELS_CTL_COMPLETES_COMMAND,
  CHANNELS_CTL_COMPLETES_DIRECTORY,
} ChannelsCtlCompletes;

/**
 * ChannelsCtlCommand:
 * @name: what is typed
 * @arguments: (nullable): what follows it, for its usage line; in English, to be translated
 * @summary: what it does, in one sentence; in English, to be translated
 * @n_arguments_min: how many arguments it needs, options not counted
 * @n_arguments_max: how many it takes
 * @completes: what its first argument is, and all of them where any number may be
 * @run: does it; `argv[0]` is @name
 *
 * One sub-command.
 */
typedef struct
{
  const char *name;
  const char *arguments;
  const char *summary;
  guint n_arguments_min;
  guint n_arguments_max;
  ChannelsCtlCompletes completes;
  gboolean (*run) (ChannelsCtlContext *context, char **argv, GError **error);
} ChannelsCtlCommand;

gboolean channels_ctl_command_parse (const ChannelsCtlCommand *self,
                                     char **argv,
                                     const GOptionEntry *options,
                                     char ***out_arguments,
                                     GError **error);

gboolean channels_ctl_command_parse_json (const ChannelsCtlCommand *self,
                                          char **argv,
                                          gboolean *out_json,
                                          char ***out_arguments,
                                          GError **error);

char **channels_ctl_command_list_options (const ChannelsCtlCommand *self,
                                          ChannelsCtlContext *context);

/* One in each of channels-ctl-<name>.c. */
extern const ChannelsCtlCommand channels_ctl_disconnect;
extern const ChannelsCtlCommand channels_ctl_doctor;
extern const ChannelsCtlCommand channels_ctl_groups;
extern const ChannelsCtlCommand channels_ctl_import_django;
extern const ChannelsCtlCommand channels_ctl_listen;
extern const ChannelsCtlCommand channels_ctl_members;
extern const ChannelsCtlCommand channels_ctl_open;
extern const ChannelsCtlCommand channels_ctl_reload;
extern const ChannelsCtlCommand channels_ctl_send;
extern const ChannelsCtlCommand channels_ctl_status;
extern const ChannelsCtlCommand channels_ctl_ticket;
extern const ChannelsCtlCommand channels_ctl_watch;

G_END_DECLS
