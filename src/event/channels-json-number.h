/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Private to this floor: what the files behind channels-json.h share. */

/**
 * ChannelsJsonNumber:
 * @kind: `'x'`, `'t'` or `'d'`, as in a `GVariant` type: which of the others holds the value
 *
 * What a number's literal stands for.
 */
typedef struct
{
  char kind;
  union
  {
    gint64 signed_integer;
    guint64 unsigned_integer;
    double real;
  } value;
} ChannelsJsonNumber;

gboolean
channels_json_number_parse (const char *literal, gsize length, ChannelsJsonNumber *out_number);

void channels_json_append_double (GString *out, double value);

G_END_DECLS
