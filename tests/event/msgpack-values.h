/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-msgpack.h"

G_BEGIN_DECLS

/* Values and their bytes, where nothing is expected to go wrong. */

static inline GVariant *
read_bytes (const GByteArray *bytes)
{
  g_autoptr (GError) error = NULL;
  GVariant *value =
      channels_msgpack_to_variant (bytes->data, bytes->len, CHANNELS_MSGPACK_DEPTH_MAX, &error);

  g_assert_no_error (error);
  g_assert_true (g_variant_is_floating (value));
  return g_variant_ref_sink (value);
}

static inline GByteArray *
write_value (GVariant *value)
{
  g_autoptr (GError) error = NULL;
  GByteArray *out = g_byte_array_new ();

  channels_msgpack_append (out, value, &error);
  g_assert_no_error (error);
  return out;
}

G_END_DECLS
