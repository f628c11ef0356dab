/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-mistakes.h"

G_BEGIN_DECLS

/**
 * ChannelsKeyfileEntry:
 * @key: (owned): ASCII letters, digits and `-`
 * @value: (owned): as it stands in the file, escapes and all
 * @line: line of the file, from 1
 *
 * One `KEY=VALUE`.
 */
typedef struct
{
  char *key;
  char *value;
  guint line;
} ChannelsKeyfileEntry;

/**
 * ChannelsKeyfileGroup:
 * @name: (owned): what stands between the brackets
 * @entries: (owned) (element-type ChannelsKeyfileEntry): in the file's order, no key twice
 * @line: line of the file, from 1
 *
 * One `[GROUP]` and what follows it.
 */
typedef struct
{
  char *name;
  GPtrArray *entries;
  guint line;
} ChannelsKeyfileGroup;

GPtrArray *channels_keyfile_read (const char *text, ChannelsMistakes *mistakes);

char **channels_keyfile_split (const char *value, gboolean list, GError **error);

G_END_DECLS
