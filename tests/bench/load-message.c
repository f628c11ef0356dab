/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "load-message.h"

#include "load-usage.h"
#include "load-wire.h"

void
load_message_init (LoadMessage *self, const LoadOptions *options)
{
  g_autoptr (GByteArray) payload = g_byte_array_new ();
  gsize prefix;
  gsize suffix;
  const guint8 *prefix_data = g_bytes_get_data (options->prefix, &prefix);
  const guint8 *suffix_data = g_bytes_get_data (options->suffix, &suffix);

  g_byte_array_append (payload, prefix_data, (guint) prefix);
  g_byte_array_set_size (payload, (guint) (prefix + (gsize) options->size));
  memset (payload->data + prefix, 'x', (gsize) options->size);
  payload->data[prefix] = LOAD_MARK;
  memset (payload->data + prefix + 1, 0, LOAD_DIGITS);
  g_byte_array_append (payload, suffix_data, (guint) suffix);

  self->bytes = g_byte_array_new ();
  if (options->raw)
    g_byte_array_append (self->bytes, payload->data, payload->len);
  else
    load_wire_append (self->bytes, options->binary ? LOAD_BINARY : LOAD_TEXT, payload->data,
                      payload->len);

  self->digits_at = self->bytes->len - payload->len + prefix + 1;
  memcpy (self->mask, self->bytes->data + self->digits_at, LOAD_DIGITS);
}

void
load_message_clear (LoadMessage *self)
{
  g_clear_pointer (&self->bytes, g_byte_array_unref);
}

/* Appends the message, and returns where its digits stand, for now without their mask. */
static guint8 *
append (const LoadMessage *self, GByteArray *frames)
{
  g_byte_array_append (frames, self->bytes->data, self->bytes->len);

  return frames->data + frames->len - self->bytes->len + self->digits_at;
}

static void
mask_digits (const LoadMessage *self, guint8 *digits)
{
  for (guint i = 0; i < LOAD_DIGITS; i++)
    digits[i] ^= self->mask[i];
}

void
load_message_publish (const LoadMessage *self, LoadTabs *tabs, guint n)
{
  g_autoptr (GByteArray) frames = g_byte_array_sized_new (n * self->bytes->len);
  gint64 now = load_now ();

  for (guint i = 0; i < n; i++)
    {
      guint8 *digits = append (self, frames);

      load_ledger_send (tabs->ledger, now, (char *) digits);
      mask_digits (self, digits);
    }
  load_tabs_publish (tabs, frames->data, frames->len);
}

void
load_message_knock (const LoadMessage *self, LoadTabs *tabs)
{
  g_autoptr (GByteArray) frame = g_byte_array_new ();
  guint8 *digits = append (self, frame);

  memcpy (digits, LOAD_KNOCK, LOAD_DIGITS);
  mask_digits (self, digits);
  load_tabs_publish (tabs, frame->data, frame->len);
}
