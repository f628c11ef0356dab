/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "channels-config.h"
#include "channels-identity.h"
#include "channels-layer.h"
#include "channels-options.h"

G_BEGIN_DECLS

#define CHANNELS_TYPE_APPLICATION (channels_application_get_type ())
G_DECLARE_FINAL_TYPE (ChannelsApplication,
                      channels_application,
                      CHANNELS,
                      APPLICATION,
                      GApplication)

/**
 * ChannelsExit:
 * @CHANNELS_EXIT_SUCCESS: it was stopped in an orderly way, or nobody needed it any more
 * @CHANNELS_EXIT_FAILURE: it could not start
 * @CHANNELS_EXIT_USAGE: the command line or the configuration is wrong
 * @CHANNELS_EXIT_RUNNING: another one has the name on the bus
 *
 * The exit statuses of `channelsd`.
 */
typedef enum
{
  CHANNELS_EXIT_SUCCESS = 0,
  CHANNELS_EXIT_FAILURE = 1,
  CHANNELS_EXIT_USAGE = 2,
  CHANNELS_EXIT_RUNNING = 3,
} ChannelsExit;

ChannelsApplication *channels_application_new (const ChannelsOptions *options);

ChannelsExit channels_application_serve (ChannelsApplication *self,
                                         ChannelsConfig *config,
                                         ChannelsLayer *layer,
                                         ChannelsIdentity *identity);

G_END_DECLS
