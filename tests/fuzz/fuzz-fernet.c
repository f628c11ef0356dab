/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "fuzz.h"

#include "channels-fernet.h"

/* The time of the tokens in the corpus, which were made with these secrets, or with others. */
#define NOW 1767225600
#define AGE 70

/* What was accepted goes into a token of the same length, and comes out of it. */
static void
check_round_trip (ChannelsFernet *fernet, gsize size, GBytes *held)
{
  g_autoptr (GByteArray) token = g_byte_array_new ();
  g_autoptr (GBytes) again = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;
  const guint8 *bytes = g_bytes_get_data (held, &length);

  channels_fernet_encrypt (fernet, token, bytes, length, NOW, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (token->len, ==, size);

  again = channels_fernet_decrypt (fernet, token->data, token->len, NOW, 0, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (held, again));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (ChannelsFernet) fernet = channels_fernet_new ();
  g_autoptr (GBytes) held = NULL;
  g_autoptr (GBytes) at_any_age = NULL;
  g_autoptr (GError) error = NULL;

  channels_fernet_add_secret (fernet, "first");
  channels_fernet_add_secret (fernet, "second");

  held = channels_fernet_decrypt (fernet, data, size, NOW, AGE, &error);
  at_any_age = channels_fernet_decrypt (fernet, data, size, NOW, CHANNELS_FERNET_ANY_AGE, NULL);

  if (held != NULL)
    {
      g_assert_true (at_any_age != NULL && g_bytes_equal (held, at_any_age));
      check_round_trip (fernet, size, held);
    }
  else
    {
      g_assert_true (error->domain == CHANNELS_FERNET_ERROR);
    }

  return 0;
}
