/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "load-ledger.h"

/* LoadLedger: every delivery of every message, checked.
 *
 * Messages are numbered from 0 on. Each tab has to get all, each once, in order; it keeps the
 * number that it should get next. What is overtaken by a later message is kept as missing until it
 * comes, so that what is lost, what comes late and what comes twice is told apart. */

LoadLedger *
load_ledger_new (guint n_tabs, guint n_under_way)
{
  LoadLedger *self = g_new0 (LoadLedger, 1);
  guint length = 1;

  while (length < n_under_way)
    length *= 2;

  self->slots = g_new0 (LoadSlot, length);
  self->mask = length - 1;
  self->n_tabs = n_tabs;
  self->missing = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);

  return self;
}

void
load_ledger_free (LoadLedger *self)
{
  g_hash_table_unref (self->missing);
  g_free (self->slots);
  g_free (self);
}

void
load_ledger_send (LoadLedger *self, gint64 now, char digits[LOAD_DIGITS])
{
  static const char hexadecimal[] = "0123456789abcdef";
  LoadSlot *slot = &self->slots[self->n_sent & self->mask];

  g_assert (self->n_sent - self->n_complete <= self->mask);

  for (guint i = 0; i < LOAD_DIGITS; i++)
    digits[i] = hexadecimal[(self->n_sent >> (4 * (LOAD_DIGITS - 1 - i))) & 0xf];

  memcpy (&slot->digits, digits, LOAD_DIGITS);
  slot->sent_at = now;
  slot->seen = 0;
  self->n_sent++;
}

static gboolean
parse_digits (const char digits[LOAD_DIGITS], guint32 *out_number)
{
  guint32 number = 0;

  for (guint i = 0; i < LOAD_DIGITS; i++)
    {
      if (!g_ascii_isxdigit (digits[i]))
        return FALSE;
      number = number << 4 | (guint32) g_ascii_xdigit_value (digits[i]);
    }
  *out_number = number;

  return TRUE;
}

static gint64
make_key (guint tab, guint32 number)
{
  return (gint64) ((guint64) tab << 32 | number);
}

gboolean
load_ledger_take_odd (LoadLedger *self,
                      guint tab,
                      guint32 *next,
                      const char digits[LOAD_DIGITS],
                      gint64 now)
{
  guint32 number;
  gint64 key;

  if (!parse_digits (digits, &number))
    return FALSE;

  key = make_key (tab, number);
  if (number >= self->n_sent)
    {
      self->n_alien++;
    }
  else if (number >= *next)
    {
      for (; *next != number; (*next)++)
        {
          gint64 overtaken = make_key (tab, *next);

          g_hash_table_add (self->missing, g_memdup2 (&overtaken, sizeof overtaken));
        }
      (*next)++;
      load_ledger_put (self, &self->slots[number & self->mask], now);
    }
  else if (g_hash_table_remove (self->missing, &key))
    {
      self->n_late++;
      load_ledger_put (self, &self->slots[number & self->mask], now);
    }
  else
    {
      self->n_twice++;
    }

  return TRUE;
}

guint64
load_ledger_count_lost (const LoadLedger *self)
{
  return (guint64) (self->n_sent - self->n_before) * self->n_tabs - self->n_deliveries;
}

void
load_ledger_reset (LoadLedger *self)
{
  g_assert (self->n_complete == self->n_sent);

  self->n_before = self->n_sent;
  self->n_deliveries = self->n_late = self->n_twice = self->n_alien = 0;
  memset (&self->latencies, 0, sizeof self->latencies);
}
