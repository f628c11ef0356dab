/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "fuzz.h"

#include "channels-json.h"

#define DEPTH 32

/* What was accepted becomes a value, which becomes a text, which is the same value. */
static void
check_round_trip (const char *text, gsize length)
{
  g_autoptr (GString) printed = g_string_new (NULL);
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GVariant) again = NULL;
  g_autoptr (GError) error = NULL;

  value = channels_json_to_variant (text, length, DEPTH, &error);
  g_assert_no_error (error);
  g_variant_ref_sink (value);

  channels_json_append_variant (printed, value, &error);
  g_assert_no_error (error);
  channels_json_validate (printed->str, printed->len, DEPTH, &error);
  g_assert_no_error (error);

  again = channels_json_to_variant (printed->str, printed->len, DEPTH, &error);
  g_assert_no_error (error);
  g_variant_ref_sink (again);
  g_assert_true (g_variant_equal (value, again));
}

/* The value of a member lies inside the text, and is good by itself. */
static void
check_member (const char *text, gsize length)
{
  const char *value = NULL;
  gsize value_length = 0;

  if (!channels_json_find_member (text, length, DEPTH, "message", &value, &value_length, NULL))
    return;

  g_assert_true (value > text && value + value_length < text + length);
  g_assert_true (channels_json_validate (value, value_length, DEPTH - 1, NULL));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const char *text = (const char *) data;
  g_autoptr (GError) error = NULL;

  if (channels_json_validate (text, size, DEPTH, &error))
    {
      check_round_trip (text, size);
    }
  else
    {
      g_assert_nonnull (channels_json_error_get_code (error));
      g_assert_null (channels_json_to_variant (text, size, DEPTH, NULL));
    }
  check_member (text, size);

  return 0;
}
