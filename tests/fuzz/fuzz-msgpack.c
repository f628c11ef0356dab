/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "fuzz.h"

#include "channels-error.h"
#include "channels-event.h"
#include "channels-msgpack.h"

#define DEPTH 32

/* What was accepted can be written, and is the same value again. NaN is not equal
 * to itself, so it is what is written that is compared. */
static void
check_round_trip (GVariant *value)
{
  g_autoptr (GByteArray) written = g_byte_array_new ();
  g_autoptr (GByteArray) written_again = g_byte_array_new ();
  g_autoptr (GVariant) again = NULL;
  g_autoptr (GError) error = NULL;

  channels_msgpack_append (written, value, &error);
  g_assert_no_error (error);

  again = channels_msgpack_to_variant (written->data, written->len, DEPTH, &error);
  g_assert_no_error (error);
  g_variant_ref_sink (again);
  g_assert_true (g_variant_is_normal_form (again));

  channels_msgpack_append (written_again, again, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (written->data, written->len, written_again->data, written_again->len);
}

/* An event has a type, and one that is addressed has it without the address. */
static void
check_event (const guint8 *data, gsize size)
{
  g_autoptr (ChannelsEvent) event = channels_event_new_from_msgpack (data, size, DEPTH, NULL);
  g_autoptr (ChannelsEvent) addressed = NULL;
  g_auto (GStrv) channels = NULL;

  addressed = channels_event_new_addressed (data, size, DEPTH, &channels, NULL);
  g_assert_true ((addressed != NULL) == (channels != NULL));
  if (event == NULL)
    {
      g_assert_null (addressed);
      return;
    }

  g_assert_nonnull (channels_event_get_msgpack (event, NULL));
  if (addressed != NULL)
    g_assert_cmpstr (channels_event_get_event_type (addressed), ==,
                     channels_event_get_event_type (event));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GError) error = NULL;

  value = channels_msgpack_to_variant (data, size, DEPTH, &error);
  if (value != NULL)
    check_round_trip (g_variant_ref_sink (value));
  else
    g_assert_error (error, CHANNELS_ERROR, CHANNELS_ERROR_INVALID_EVENT);
  check_event (data, size);

  return 0;
}
