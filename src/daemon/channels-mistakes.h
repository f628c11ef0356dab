/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define CHANNELS_MISTAKES_MAX 100 /* more than that help nobody, and a file could make millions */

/**
 * ChannelsMistakes:
 * @texts: (element-type utf8) (unowned): one line for each mistake, in the order of the file
 * @source: (unowned): the file, or the option of the command line, that is read now
 *
 * What is wrong with a configuration. The first #CHANNELS_MISTAKES_MAX are kept.
 */
typedef struct
{
  GPtrArray *texts;
  const char *source;
} ChannelsMistakes;

/**
 * ChannelsPlace:
 * @mistakes: (unowned): where a mistake is told
 * @group: (nullable) (unowned): the group, if it is one
 * @key: (nullable) (unowned): the key, if it is one
 * @line: line of the file, from 1; 0 where there is none
 *
 * What a mistake is in.
 */
typedef struct
{
  ChannelsMistakes *mistakes;
  const char *group;
  const char *key;
  guint line;
} ChannelsPlace;

void channels_place_add_mistake (const ChannelsPlace *self, const char *format, ...)
    G_GNUC_PRINTF (2, 3);

char *channels_mistakes_quote (const char *text);

G_END_DECLS
